using RolloutLab.Core;
using RolloutLab.Engine;

namespace RolloutLab.UnitTests.Engine;

/// <summary>LATR against the algorithm written out, and against numbers worked out by hand.</summary>
public sealed class LatrPolicyTests
{
    [Theory]
    [InlineData(1.0, 8)]
    [InlineData(0.5, 9)]
    [InlineData(1.0, 16)]
    public void The_tree_is_that_of_the_algorithm_written_out(double share, int leaves)
    {
        var (pruned, suppressed, filled) = (0, 0, 0);
        var policy = TreeModels.LatrPolicy($", min_probability: 0.2, max_gap: 0.4, lookahead: [3, 6], share: {{ type: constant, value: {share} }}");
        var source = TreeModels.Source(new TableRunner(TreeModels.Peaked, TreeModels.Vocabulary, 4000, 4), policy);
        for (var index = 0; index < 40; index++)
        {
            var result = source.Generate(TreeModels.Request(30, 4, (index, leaves)), null, default);

            var streams = new GroupStreams(new RandomStreams(RequestFixture.Seed), StreamPurpose.TrainingRollout, 4, index, 0);
            var naive = new NaiveLatr(TreeModels.Peaked, TreeModels.Prompt(index), streams, 0.2, 0.4, [3, 6], 30);
            var expected = naive.Grow(leaves, (int)Math.Round(leaves * share, MidpointRounding.ToEven));
            Assert.Equal(expected, result.Groups[0].Rollouts.Select(r => r.TokenIds));
            var tree = result.Groups[0].Tree;
            Assert.Equal(naive.Suppressed, tree.Suppressed);
            Assert.Equal(naive.Rows.Count(r => r.Removed), tree.Branches.Count(b => b.RemovedFor is not null));
            (pruned, suppressed) = (pruned + naive.Rows.Count(r => r.Removed), suppressed + naive.Suppressed);
            filled += tree.Branches.Count(b => b.Kind == BranchKind.Fill);
        }

        Assert.True(pruned > 10 && suppressed > 20, $"{pruned} pruned, {suppressed} suppressed, {filled} filled: too little was tried.");
    }

    [Theory]
    [InlineData("below", 0.48, 0.30, false)]
    [InlineData("above", 0.48, 0.30, true)]
    [InlineData("below", 0.42, 0.30, true)]
    [InlineData("above", 0.42, 0.30, false)]
    [InlineData("below", 0.42, 0.24, false)]
    public void A_fork_needs_a_probable_token_and_the_right_gap(string rule, double first, double second, bool forks)
    {
        var rest = (1 - first - second) / 2;
        var model = Model(c => c is [1] ? [0, first, second, rest, rest] : [0, 1, 0, 0, 0]);
        var result = Run(model, $", gap_rule: {rule}", leaves: 4, vocabulary: 5);

        var forced = result.Tree.Branches.Where(b => b.Kind == BranchKind.Forced).ToList();
        Assert.Equal(forks ? 1 : 0, forced.Count);
        Assert.All(forced, b => Assert.Equal((0, (float)second), (b.ForkPosition, b.ForkProbability)));
    }

    [Fact]
    public void A_fork_that_stays_near_its_parent_goes_and_the_parent_stays()
    {
        // The fork's three tokens are [2, 1, 1], the parent's [1, 1, 1]: distance 1 of 3, below 0.4.
        var result = Run(Once([0, 0.42, 0.30, 0.28]), ", lookahead: [3]", leaves: 2);
        var removed = Assert.Single(result.Tree.Branches, b => b.RemovedFor is not null);
        Assert.Equal(("edit_distance", BranchKind.Forced, 3), (removed.RemovedFor, removed.Kind, removed.Length));

        var kept = Run(Once([0, 0.42, 0.30, 0.28]), ", lookahead: [3], pruning: { edit_distance: 0.3 }", leaves: 2);
        Assert.Null(Assert.Single(kept.Tree.Branches, b => b.Kind == BranchKind.Forced).RemovedFor);
    }

    [Fact]
    public void What_forked_from_a_pruned_row_goes_with_it()
    {
        // Row 1 forks at token 0 and forks again at token 1; at age 3 it goes, and its own fork with it, finished or not.
        double[] fork = [0, 0.42, 0.30, 0.28];
        var model = Model(c => c is [1] or [1, 2] ? fork : c is [1, 2, 2] ? [1, 0, 0, 0] : [0, 1, 0, 0]);
        var branches = Run(model, ", lookahead: [3]", leaves: 4).Tree.Branches;

        Assert.Equal(("edit_distance", 1), (branches[1].RemovedFor, branches.Count(b => b.RemovedFor == "edit_distance")));
        var child = Assert.Single(branches, b => b.Parent == 1);
        Assert.Equal(("parent_pruned", 3), (child.RemovedFor, child.Length));
    }

    [Fact]
    public void A_fork_is_not_pruned_by_a_window_with_an_end()
    {
        var model = Model(c => c is [1] ? [0, 0.42, 0.30, 0.28] : c.Length == 3 ? [1, 0, 0, 0] : [0, 1, 0, 0]);
        Assert.All(Run(model, ", lookahead: [3]", leaves: 2).Tree.Branches, b => Assert.Null(b.RemovedFor));

        var compared = Run(model, ", lookahead: [3], pruning: { end_window: compare }", leaves: 2).Tree.Branches;
        Assert.Equal("edit_distance", compared[1].RemovedFor);
    }

    [Fact]
    public void Places_go_to_the_most_probable_forks_or_to_the_oldest_rows()
    {
        // At token 1 row 0 would fork with 0.30 and row 1 with 0.31; one place is left.
        var model = Model(c => c switch
        {
            [1] => [0, 0.42, 0.30, 0.28],
            [1, 1] => [0, 0.44, 0.26, 0.30],
            [1, 2] => [0, 0.40, 0.31, 0.29],
            _ => [0, 0, 0, 1],
        });
        Assert.Equal((1, 0.31f), Forked("probability"));
        Assert.Equal((0, 0.30f), Forked("row_age"));

        (int, float) Forked(string order)
        {
            var tree = Run(model, $", fork_order: {order}, lookahead: [4]", leaves: 3).Tree;
            Assert.Equal(1, tree.Suppressed);
            return (tree.Branches[2].Parent, tree.Branches[2].ForkProbability);
        }
    }

    [Fact]
    public void A_settled_tree_samples_on_and_an_unsettled_one_is_greedy()
    {
        var result = Run(TreeModels.Peaked, ", min_probability: 0.2, max_gap: 0.4, lookahead: [3]", leaves: 4, vocabulary: TreeModels.Vocabulary);

        var root = result.Rollouts[0].Origins;
        var sampled = Array.IndexOf(root, TokenOrigin.Sampled);
        Assert.True(sampled > 3);
        Assert.All(root[..sampled], o => Assert.Equal(TokenOrigin.Greedy, o));
        Assert.All(root[sampled..], o => Assert.Equal(TokenOrigin.Sampled, o));
        Assert.True(result.Tree.SaturatedAt > 0 && sampled > result.Tree.SaturatedAt);
        foreach (var rollout in result.Rollouts.Where(r => r.Parent >= 0))
        {
            Assert.Equal(TokenOrigin.Forced, rollout.Origins[rollout.SharedLength]);
        }
    }

    [Fact]
    public void Empty_places_are_fresh_samples_or_the_first_row_again()
    {
        // Nothing ever forks: the first row is greedy to its end and the others fill the group.
        var model = Model(c => c.Length < 9 ? [0, 0.7, 0.2, 0.1] : [1, 0, 0, 0]);
        var fresh = Run(model, "", leaves: 6);
        Assert.Equal(5, fresh.Tree.Branches.Count(b => b.Kind == BranchKind.Fill));
        Assert.Equal(6, fresh.Rollouts.Select(r => string.Join(',', r.TokenIds)).Distinct().Count());
        Assert.All(fresh.Rollouts.Skip(1), r => Assert.Equal((-1, 0), (r.Parent, r.Origins.Length)));

        var within = Run(model, ", fill: row", leaves: 6);
        Assert.Contains(within.Rollouts, r => r.Parent == 0 && r.SharedLength > 0);
        Assert.All(within.Rollouts.Skip(1), r => Assert.True(r.Origins.Length == 0 || r.Origins[^1] == TokenOrigin.Sampled));

        var copies = Run(model, ", fill: duplicate_root", leaves: 6);
        Assert.All(copies.Rollouts.Skip(1), r => Assert.Equal((0, r.Length), (r.Parent, r.SharedLength)));
    }

    [Fact]
    public void Forks_stay_where_the_parent_has_a_token_of_mathematics()
    {
        var policy = new LatrPolicy(TreeModels.Latr(", lookahead: [3], pruning: { exempt_math: true }"), new HashSet<int> { 1 });
        Assert.All(Run(Once([0, 0.42, 0.30, 0.28]), policy, 2, 4).Tree.Branches, b => Assert.Null(b.RemovedFor));
    }

    [Theory]
    [InlineData(0.75, 6)]
    [InlineData(0.5, 4)]
    [InlineData(0.25, 2)]
    [InlineData(0, 0)]
    [InlineData(1, 8)]
    [InlineData(0.3125, 2)]
    [InlineData(0.4375, 4)]
    public void The_width_is_the_share_of_the_group_rounded_half_to_even(double share, int width) =>
        Assert.Equal(width, TreeModels.LatrPolicy($", share: {{ type: constant, value: {share} }}").WidthOf(8, 1));

    [Fact]
    public void Shares_follow_the_table_or_the_power()
    {
        var table = TreeModels.Latr(", share: { type: table, steps: [0, 10, 20, 80, 200], shares: [1, 0.75, 0.5, 0.25, 0] }").Share;
        Assert.Equal([1, 1, 0.75, 0.75, 0.5, 0.25, 0, 0], new long[] { 1, 9, 10, 19, 20, 199, 200, 900 }.Select(table.At));
        var power = TreeModels.Latr(", share: { type: geometric, initial: 0.8, factor: 0.5, every: 10 }").Share;
        Assert.Equal([0.8, 0.8, 0.4, 0.2], new long[] { 1, 10, 11, 21 }.Select(power.At));
    }

    [Fact]
    public void The_threshold_of_the_stop_is_a_rounded_share_of_the_places()
    {
        var section = TreeModels.Latr(", stopping: { decay: 0.05 }").Stopping;
        Assert.Equal(251, LatrStop.Threshold(section, 256, position: 0, maxNewTokens: 1024));
        Assert.Equal(244, LatrStop.Threshold(section, 256, position: 512, maxNewTokens: 1024));
        Assert.Equal(8, LatrStop.Threshold(section, 8, position: 0, maxNewTokens: 1024));
    }

    [Fact]
    public void Trees_of_a_round_end_together_where_the_batch_is_the_scope()
    {
        // The prompt [2, 2] forks at once and is full; the prompt [1] forks at its fourth token.
        var model = Model(c => c is [2, 2] or [1, 1, 1, 1] ? [0, 0.42, 0.30, 0.28] : c.Length < 20 ? [0, 0.5, 0.3, 0.2] : [1, 0, 0, 0]);
        var request = TreeModels.Request(24, 1, (0, 2));
        request = request with { Budgets = [new PromptBudget(new Prompt(1, "p1", "", [2, 2], ""), 0, 2), .. request.Budgets] };
        var runner = new TableRunner(model, 4, 400, 4);
        var rounds = new[] { "group", "batch" }.Select(scope => TreeModels
            .Source(runner, TreeModels.LatrPolicy($", lookahead: [2], pruning: {{ edit_distance: 0 }}, stopping: {{ scope: {scope} }}"))
            .Generate(request, null, default)).ToList();

        Assert.NotEqual(FirstSampled(rounds[0].Groups[0]), FirstSampled(rounds[0].Groups[1]));
        Assert.Equal(FirstSampled(rounds[1].Groups[0]), FirstSampled(rounds[1].Groups[1]));

        static int FirstSampled(RolloutGroup group) => Array.IndexOf(group.Rollouts[0].Origins, TokenOrigin.Sampled);
    }

    [Fact]
    public void Mathematics_is_what_is_part_of_the_string_of_digits_and_operators() =>
        Assert.Equal([1, 2, 4, 5], MathTokens.Of(new WordTokenizer("<end>", "+-", " 12 ", "x", "  ", "0123", "13")).Order());

    /// <summary>A model that says something after the prompt [1] and token 1 ever after.</summary>
    private static Func<int[], double[]> Once(double[] first) => Model(c => c is [1] ? first : [0, 1, 0, 0]);

    private static Func<int[], double[]> Model(Func<int[], double[]> model) => model;

    private static RolloutGroup Run(Func<int[], double[]> model, string keys, int leaves, int vocabulary = 4) =>
        Run(model, TreeModels.LatrPolicy(keys), leaves, vocabulary);

    private static RolloutGroup Run(Func<int[], double[]> model, IBranchPolicy policy, int leaves, int vocabulary) =>
        TreeModels.Source(new TableRunner(model, vocabulary, 400, 4), policy)
            .Generate(TreeModels.Request(24, 1, (0, leaves)), null, default).Groups[0];

    private sealed class WordTokenizer(params string[] words) : ITokenizer
    {
        public int VocabularySize => words.Length;

        public int EndOfTextId => 0;

        public int[] Encode(string text) => throw new NotSupportedException();

        public string Decode(ReadOnlySpan<int> tokenIds) => string.Concat(tokenIds.ToArray().Select(id => words[id]));
    }
}
