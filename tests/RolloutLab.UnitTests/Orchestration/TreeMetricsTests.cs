using RolloutLab.Core;
using RolloutLab.Orchestration;

namespace RolloutLab.UnitTests.Orchestration;

public sealed class TreeMetricsTests
{
    [Fact]
    public void A_tree_is_counted_as_worked_out_by_hand()
    {
        // Rows: a root, a fork of it, one pruned, one filled. Leaves [1 2 3], [1 5 3], [1 2 3].
        var tree = new RolloutTree(
            [
                Branch(-1, 0, BranchKind.Root, 3, 0),
                Branch(0, 1, BranchKind.Forced, 3, 1),
                Branch(1, 2, BranchKind.Forced, 3, -1, "edit_distance"),
                Branch(-1, 0, BranchKind.Fill, 3, 2),
            ],
            Suppressed: 2,
            SaturatedAt: 7);
        var prompt = new Prompt(0, "p", "", [1], "");
        Rollout[] rollouts =
        [
            Leaf(0, [1, 2, 3], [TokenOrigin.Greedy, TokenOrigin.Greedy, TokenOrigin.Sampled]),
            Leaf(1, [1, 5, 3], [TokenOrigin.Greedy, TokenOrigin.Forced, TokenOrigin.Sampled]),
            Leaf(2, [1, 2, 3], []),
        ];
        var group = new GradedGroup(
            new RolloutGroup(prompt, rollouts) { Tree = tree }, [Verdict.Correct("4"), Verdict.Wrong("5", "no"), Verdict.Malformed("nothing")]);

        var metrics = TreeMetrics.Of([group]).ToDictionary(m => m.Key, m => m.Value);

        (string, double)[] expected =
        [
            ("tree/branches", 2), ("tree/pruned", 1), ("tree/pruned/edit_distance", 1), ("tree/suppressed", 2), ("tree/filled", 1),
            ("tree/saturated_ratio", 1), ("tree/saturation_position/mean", 7), ("tree/forced_ratio", 1 / 9.0), ("tree/greedy_ratio", 3 / 9.0),
            ("tree/distinct_answers/mean", 2), ("tree/distinct_leaves/mean", 2), ("tree/edit_distance/mean", (1 + 0 + 1) / 9.0),
        ];
        Assert.Equal(expected.Select(e => e.Item1), metrics.Keys);
        Assert.All(expected, e => Assert.Equal(e.Item2, metrics[e.Item1], 1e-12));
    }

    [Fact]
    public void Large_groups_cost_no_more_and_their_pairs_are_all_different()
    {
        // 40 leaves, each at distance 1 of 1 from all others: however the pairs are chosen, the mean is 1.
        var prompt = new Prompt(0, "p", "", [1], "");
        Rollout[] rollouts = [.. Enumerable.Range(0, 40).Select(i => Leaf(i, [i], []))];
        var group = new GradedGroup(new RolloutGroup(prompt, rollouts), [.. rollouts.Select(_ => Verdict.Correct("4"))]);

        Assert.Equal(1, TreeMetrics.Of([group]).Single(m => m.Key == "tree/edit_distance/mean").Value);
    }

    [Fact]
    public void Rounds_of_one_prompt_are_one_tree()
    {
        var first = new RolloutTree([Branch(-1, 0, BranchKind.Root, 3, 0)], 1, -1);
        var second = new RolloutTree([Branch(-1, 0, BranchKind.Root, 3, 1), Branch(0, 1, BranchKind.Forced, 3, 2)], 2, 5);

        var joined = first.Join(second);

        Assert.Equal([-1, -1, 1], joined.Branches.Select(b => b.Parent));
        Assert.Equal((3, 5), (joined.Suppressed, joined.SaturatedAt));
    }

    private static TreeBranch Branch(int parent, int fork, BranchKind kind, int length, int rollout, string? removed = null) =>
        new() { Parent = parent, ForkPosition = fork, Kind = kind, Length = length, Rollout = rollout, RemovedFor = removed, Text = "" };

    private static Rollout Leaf(int index, int[] tokens, TokenOrigin[] origins) => new()
    {
        Index = index,
        TokenIds = tokens,
        LogProbs = new float[tokens.Length],
        Origins = origins,
        Text = "",
        FinishReason = FinishReason.Stop,
        PolicyVersion = 0,
    };
}
