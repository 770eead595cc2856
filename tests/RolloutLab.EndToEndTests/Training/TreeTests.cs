using System.Text.Json.Nodes;
using RolloutLab.EndToEndTests.CommandLine;

namespace RolloutLab.EndToEndTests.Training;

/// <summary>Rollout trees from the recipe to <c>inspect</c>.</summary>
public sealed class TreeTests : IDisposable
{
    private const string Latr = "rollout.strategy={ type: latr, min_probability: 0.02, max_gap: 0.6, lookahead: [3, 6] }";

    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Fact]
    public void A_run_on_trees_repeats_itself_agrees_with_the_trainer_and_can_be_inspected()
    {
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "a", "--set", Latr).Code);
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "b", "--set", Latr).Code);

        Assert.Equal(File.ReadAllText(_program.At("a", "rollouts.jsonl")), File.ReadAllText(_program.At("b", "rollouts.jsonl")));
        Assert.Equal(File.ReadAllText(_program.At("a", "trees.jsonl")), File.ReadAllText(_program.At("b", "trees.jsonl")));
        var rows = File.ReadLines(_program.At("a", "metrics.jsonl")).Skip(1).Select(line => JsonNode.Parse(line)!.AsObject()).ToList();
        Assert.All(rows, row => Assert.InRange((double)row["sampling/sampling_logp_difference/max"]!, 0, 1e-4));
        Assert.True(rows.Sum(row => (double)row["tree/branches"]!) > 5);
        string[] names = ["tree/pruned", "tree/suppressed", "tree/filled", "tree/forced_ratio", "tree/greedy_ratio", "tree/distinct_leaves/mean", "tree/edit_distance/mean"];
        Assert.All(rows, row => Assert.All(names, name => Assert.True(row.ContainsKey(name), name)));

        var tree = JsonNode.Parse(_program.Run("inspect", "a", "--step", "2", "--json").Out)!;
        var branches = tree["branches"]!.AsArray();
        Assert.Equal(2, (int)tree["step"]!);
        Assert.Equal([0, 1, 2, 3], branches.Select(b => (int)b!["rollout"]!).Where(r => r >= 0).Order());
        string[] keys = ["parent", "fork_position", "fork_probability", "kind", "length", "removed_for", "rollout", "reward", "status", "answer", "text"];
        Assert.Equal(keys, branches[0]!.AsObject().Select(p => p.Key));

        var drawn = _program.Run("inspect", "a", "--step", "2", "--prompt", (string)tree["prompt_id"]!);
        Assert.Equal((0, ""), (drawn.Code, drawn.Error));
        var lines = drawn.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("step 2  prompt ", lines[0], StringComparison.Ordinal);
        Assert.Equal(branches.Count + 3, lines.Length);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, 80));
    }

    [Fact]
    public void What_cannot_be_inspected_is_said()
    {
        AssertRefused(_program.Run("inspect", "nowhere"), 1, "trees.jsonl", "run folder");
        Assert.Equal(0, _program.Run("train", "tiny.yaml", "--run-dir", "run", "--set", "run.tree_samples=1").Code);
        AssertRefused(_program.Run("inspect", "run", "--step", "9"), 1, "step 9", "steps 1 to 3");
        AssertRefused(_program.Run("inspect", "run", "--step", "1", "--prompt", "x"), 1, "prompt x", "run.tree_samples");
    }

    [Theory]
    [InlineData("{ type: latr, min_probability: 1.5 }", "rollout.strategy.min_probability = 1.5", "below 1")]
    [InlineData("{ type: latr, width: 5, lookahead: [4] }", "rollout.strategy.width = 5", "budget.rollouts_per_prompt (4)")]
    [InlineData("{ type: latr }", "rollout.strategy.lookahead", "rollout.max_new_tokens (24)")]
    [InlineData("{ type: latr, lookahead: [4], prunning: { edit_distance: 1 } }", "rollout.strategy.prunning", "pruning")]
    [InlineData("{ type: segment_tree, segment: 24 }", "rollout.strategy.segment = 24", "rollout.max_new_tokens (24)")]
    [InlineData("{ type: entropy_tree, samples: 9 }", "rollout.strategy.samples = 9", "budget.rollouts_per_prompt (4)")]
    [InlineData("{ type: diverse_beam, groups: 8 }", "rollout.strategy.groups = 8", "budget.rollouts_per_prompt (4)")]
    [InlineData("{ type: latrr }", "rollout.strategy.type = latrr", "did you mean latr?")]
    public void A_wrong_strategy_is_refused_at_load(string strategy, params string[] parts) =>
        AssertRefused(_program.Run("train", "tiny.yaml", "--set", $"rollout.strategy={strategy}"), 2, parts);

    [Fact]
    public void A_cache_too_small_for_one_sequence_is_refused_at_load()
    {
        AssertRefused(
            _program.Run("train", "tiny.yaml", "--run-dir", "run", "--set", "engine.kv_tokens=16"), 2, "engine.kv_tokens = 16", "rollout.max_new_tokens");
        Assert.False(Directory.Exists(_program.At("run")));
    }

    private static void AssertRefused(CallResult result, int code, params string[] parts)
    {
        var line = Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.Equal(code, result.Code);
    }
}
