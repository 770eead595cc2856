using System.Diagnostics;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Engine;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>
/// Lookahead trees beside plain sampling, on Countdown with its starting policy: random weights are never sure enough of
/// a token to fork. Every group is wholly a tree, as in LATR's first steps.
/// </summary>
internal static class LatrBench
{
    private const int Prompts = 64;
    private const int GroupSize = 16;

    /// <summary>Measures both; best of several runs, taken in turns.</summary>
    public static JsonObject Measure(bool quick)
    {
        var root = ProjectFolder.Path;
        var recipe = RecipeLoader.Load(Path.Combine(root, "recipes", "latr-countdown.yaml"), ["rollout.strategy.share={ type: table, steps: [0], shares: [1] }"]);
        var folder = Path.Combine(root, "data", "countdown", "warmup");
        using var weights = ModelFolder.Open(folder).LoadWeights(Device.Cpu, trainable: false);
        using var model = new DecoderModel(weights);
        var tokenizer = TokenizerFile.Load(Path.Combine(folder, "tokenizer.json"));
        var prompts = new PromptSetLoader(tokenizer, new PromptSetOptions { MaxPromptTokens = 90, Overlong = DropPolicy.Skip, Limit = quick ? 4 : Prompts })
            .Load("bench", Path.Combine(root, "data", "countdown", "heldout.jsonl"), new CountdownPromptFormat()).Prompts;
        var latr = (LatrStrategySection)recipe.Strategy;
        var policy = new LatrPolicy(latr, latr.Pruning.ExemptMath ? MathTokens.Of(tokenizer) : new HashSet<int>());
        var (plain, tree) = (new Run(), new Run());
        for (var repeat = 0; repeat < (quick ? 1 : 4); repeat++)
        {
            plain.Once(model, tokenizer, prompts, recipe.Rollout, new StochasticSampling());
            tree.Once(model, tokenizer, prompts, recipe.Rollout, policy);
        }

        return new JsonObject
        {
            ["time_per_leaf_token_ratio"] = Math.Round(tree.SecondsPerLeafToken / plain.SecondsPerLeafToken, 3),
            ["leaf_tokens_per_second"] = Math.Round(1 / tree.SecondsPerLeafToken),
            ["stochastic_tokens_per_second"] = Math.Round(1 / plain.SecondsPerLeafToken),
            ["computed_over_leaf_tokens"] = Math.Round(tree.ComputedOverLeaf, 3),
            ["kv_peak_over_distinct"] = Math.Round(tree.PeakOverDistinct, 3),
        };
    }

    private sealed class Run
    {
        public double SecondsPerLeafToken { get; private set; } = double.MaxValue;

        public double ComputedOverLeaf { get; private set; }

        /// <summary>Slots of the most blocks in use at once over the distinct tokens of prompts and trees, removed branches included.</summary>
        public double PeakOverDistinct { get; private set; }

        public void Once(DecoderModel model, ITokenizer tokenizer, IReadOnlyList<Prompt> prompts, SamplingParameters sampling, IBranchPolicy policy)
        {
            var longest = prompts.Max(p => p.TokenIds.Length) + sampling.MaxNewTokens + (2 * BenchEngine.BlockSize);
            var sequences = prompts.Count * GroupSize;
            using var engine = new BenchEngine(model, tokenizer, sequences, (long)longest * sequences, policy);
            var budgets = prompts.Select(p => new PromptBudget(p, 0, GroupSize)).ToList();
            var started = Stopwatch.GetTimestamp();
            var result = engine.Generate(budgets, sampling);
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            var leafTokens = result.Groups.Sum(g => g.Rollouts.Sum(r => (long)r.Length));
            var distinct = result.Groups.Sum(g => g.Prompt.TokenIds.Length + Distinct(g));
            SecondsPerLeafToken = Math.Min(SecondsPerLeafToken, seconds / leafTokens);
            ComputedOverLeaf = result.Statistics.TokensComputed / (double)leafTokens;
            PeakOverDistinct = (double)result.Statistics.PeakBlocks * BenchEngine.BlockSize / distinct;
        }

        private static long Distinct(RolloutGroup group) =>
            RolloutTree.OfGroup(group).Branches.Sum(b => (long)b.Length - b.ForkPosition);
    }
}
