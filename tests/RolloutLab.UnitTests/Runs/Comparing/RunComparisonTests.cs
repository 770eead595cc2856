using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

public sealed class RunComparisonTests : IDisposable
{
    private readonly WrittenRuns _runs = new();
    private readonly List<string> _notices = [];

    public void Dispose() => _runs.Dispose();

    [Fact]
    public void Groups_are_runs_that_differ_in_their_seed_and_measures_have_t_intervals()
    {
        _runs.Add("a1", 1, "plain", Rows(0.40, 0.8));
        _runs.Add("a2", 2, "plain", Rows(0.44, 0.8));
        _runs.Add("b1", 1, "tree", Rows(0.60, 0.9));
        _runs.Add("b2", 2, "tree", Rows(0.50, 0.9));

        var comparison = Compare(null, "a1", "b1", "a2", "b2");

        Assert.Equal(["plain", "tree"], comparison.Groups.Select(g => g.Name));
        Assert.Equal(0.42, comparison.Target, 1e-12);

        // Deviation of .40 and .44 is .0282843; t(1) = 12.7062: half width .0282843 × 12.7062 / √2 = .254124.
        var plain = comparison.Groups[0];
        Assert.Equal(0.254124, plain.PassAt1.HalfWidth, 1e-6);
        Assert.Equal(4, comparison.K);
        Assert.Equal(0.8, plain.PassAtK.Mean, 1e-12);
        Assert.Equal(30, plain.Length.Mean, 1e-12);
        Assert.Equal(2.5, plain.DistinctAnswers.Mean, 1e-12);
        Assert.Equal(0.5, plain.EffectiveRatio.Mean, 1e-12);

        // pass@1 goes from .2 to its final in a line over steps 0 to 2, 20 rollouts and 200 tokens: .42 lies .22 / .4 and .22 / .3 of the way.
        var tree = comparison.Groups[1];
        Assert.Equal(2 * ((0.22 / 0.4) + (0.22 / 0.3)) / 2, tree.StepsToTarget.Mean, 1e-12);
        Assert.Equal(10 * tree.StepsToTarget.Mean, tree.RolloutsToTarget.Mean, 1e-9);
        Assert.Equal(100 * tree.StepsToTarget.Mean, tree.TokensToTarget.Mean, 1e-9);
        Assert.Equal(1, plain.StepsToTarget.Count);
        Assert.Empty(_notices);
    }

    [Fact]
    public void A_target_that_no_run_reaches_has_no_cost()
    {
        _runs.Add("a1", 1, "plain", Rows(0.4, 0.8));

        var group = Assert.Single(Compare(0.9, "a1").Groups);

        Assert.Equal(0, group.StepsToTarget.Count);
        Assert.Contains("0/1", Compare(0.9, "a1").ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Recipes_of_one_name_are_told_apart_by_what_differs()
    {
        _runs.Add("a", 1, "plain", Rows(0.4, 0.8));
        _runs.Add("b", 1, "plain", Rows(0.5, 0.8), clipLow: 0.3);

        Assert.Equal(["plain (loss.clip_low=0.2)", "plain (loss.clip_low=0.3)"], Compare(null, "a", "b").Groups.Select(g => g.Name));
    }

    [Fact]
    public void A_seed_counts_once_and_an_unfinished_run_is_named()
    {
        _runs.Add("a", 1, "plain", Rows(0.4, 0.8));
        _runs.Add("again", 1, "plain", Rows(0.4, 0.8));
        _runs.Add("open", 2, "plain", Rows(0.4, 0.8), finished: false);

        var group = Assert.Single(Compare(null, "a", "again", "open").Groups);

        Assert.Equal([1L, 2L], group.Runs.Select(r => r.Seed));
        Assert.Contains("again is left out", _notices[0], StringComparison.Ordinal);
        Assert.Contains("open is not finished: it is compared as it stands, after step 2", _notices[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_sweeps_folder_stands_for_its_runs_in_the_order_of_its_variants()
    {
        Directory.CreateDirectory(_runs.At("sweep"));
        File.WriteAllText(_runs.At("sweep", "sweep.json"), """{"variants":[{"name":"z"},{"name":"a"}]}""");
        _runs.Add("sweep/a-seed-1", 1, "r", Rows(0.4, 0.8), clipLow: 0.3);
        _runs.Add("sweep/z-seed-1", 1, "r", Rows(0.4, 0.8));
        _runs.Add("sweep/z-seed-2", 2, "r", Rows(0.4, 0.8));

        var comparison = Compare(null, "sweep");

        Assert.Equal([("z", 2), ("a", 1)], comparison.Groups.Select(g => (g.Name, g.Runs.Count)));
    }

    [Fact]
    public void What_is_no_run_is_refused_and_a_damaged_row_named()
    {
        Directory.CreateDirectory(_runs.At("empty"));
        Assert.Contains("has no metrics.jsonl", Assert.Throws<RunException>(() => Compare(null, "empty")).Message, StringComparison.Ordinal);
        Assert.Contains("has no metrics.jsonl", Assert.Throws<RunException>(() => Compare(null, "nowhere")).Message, StringComparison.Ordinal);
        var run = _runs.Add("a", 1, "plain", Rows(0.4, 0.8));
        File.AppendAllText(Path.Combine(run, "metrics.jsonl"), "{\"step\":1}\n");

        Assert.Contains("metrics.jsonl:4: not a row of metrics (step 1 after step 2)", Assert.Throws<RunException>(() => Compare(null, "a")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_that_is_still_being_written_is_left_out()
    {
        var run = _runs.Add("a", 1, "plain", Rows(0.4, 0.8));
        File.AppendAllText(Path.Combine(run, "metrics.jsonl"), "{\"step\":3,\"rew");

        Assert.Equal(2, MetricsHistory.Read(Path.Combine(run, "metrics.jsonl")).LastStep);
    }

    [Fact]
    public void Curves_are_means_over_the_steps_that_all_runs_of_a_group_have()
    {
        _runs.Add("a1", 1, "plain", [.. Rows(0.4, 0.8), [("reward", 9)]]);
        _runs.Add("a2", 2, "plain", Rows(0.6, 0.8));

        var group = Compare(null, "a1", "a2").Groups[0];
        var reward = GroupCurve.Of(group, r => r.Metrics["reward"])!;
        var pass = GroupCurve.Of(group, r => r.Metrics.Find("val-core/", "/pass@1"), (run, step) => step * 100)!;

        Assert.Equal([1.0, 2.0], reward.X);
        Assert.Equal([0.1, 0.2], reward.Y);
        Assert.Equal([0.0, 200.0], pass.X);
        Assert.Equal(0.5, pass.Y[1], 1e-12);
        Assert.Equal(pass.Y[1] - group.PassAt1.HalfWidth, pass.Low![1], 1e-12);
        Assert.Null(GroupCurve.Of(group, r => r.Metrics["no/such"]));
    }

    [Fact]
    public void The_page_holds_no_text_that_could_act()
    {
        _runs.Add("a", 1, "<script>alert(1)</script>", Rows(0.4, 0.8));

        var page = ComparisonPage.Of(Compare(null, "a"));

        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)", page, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
    }

    private RunComparison Compare(double? target, params string[] names)
    {
        var (groups, runs) = new RunFolders(_notices.Add).Read([.. names.Select(n => _runs.At(n))], new Progress<WorkDone>());
        return RunComparison.Of(groups, runs, target);
    }

    private static (string, double)[][] Rows(double final, double passAt4) =>
    [
        [("val-core/h/acc/mean@4", 0.2), ("val-core/h/acc/pass@1", 0.2), ("val-core/h/acc/pass@4", 0.5), ("val-aux/h/response_length/mean", 40)],
        [("reward", 0.1), ("budget/rollouts/total", 10), ("engine/tokens_generated", 100), ("budget/effective_gradient_ratio", 0.4), ("tree/distinct_answers/mean", 2)],
        [
            ("reward", 0.2), ("budget/rollouts/total", 10), ("engine/tokens_generated", 100), ("budget/effective_gradient_ratio", 0.6), ("tree/distinct_answers/mean", 3),
            ("val-core/h/acc/pass@1", final), ("val-core/h/acc/pass@4", passAt4), ("val-aux/h/response_length/mean", 30),
        ],
    ];
}
