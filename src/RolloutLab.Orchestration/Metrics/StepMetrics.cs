using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>
/// Turns a step's report into its metrics row. Names follow verl and TRL where they have the measure; the budget and
/// engine areas are RolloutLab's own. Only <c>timing_s/*</c> and <c>perf/*</c> depend on the clock.
/// </summary>
public static class StepMetrics
{
    /// <summary>The row, in a fixed order.</summary>
    /// <param name="report">The step.</param>
    /// <param name="withDifferences">Whether to measure how different a group's rollouts are, which takes their tokens.</param>
    public static IEnumerable<KeyValuePair<string, double>> Of(StepReport report, bool withDifferences = true) =>
        Rewards(report).Concat(Lengths(report)).Concat(Budget(report)).Concat(Engine(report)).Concat(TreeMetrics.Of(report.Groups, withDifferences)).Concat(SeedingMetrics.Of(report)).Concat(Beside(report.Beside))
            .Concat(report.Update.Metrics).Concat(Timing(report));

    private static IEnumerable<KeyValuePair<string, double>> Rewards(StepReport report)
    {
        yield return new("reward", report.MeanReward);
        yield return new("train/pass_rate", report.PassRate);
        foreach (var row in Extent("critic/rewards", report.Tally.Rewards))
        {
            yield return row;
        }

        foreach (var row in Extent("critic/advantages", report.Tally.Advantages))
        {
            yield return row;
        }

        foreach (var status in Enum.GetValues<VerdictStatus>())
        {
            yield return new($"rewards/verdicts/{ToSnakeCase(status)}", (double)report.Tally.Of(status) / Math.Max(1, report.Decisions.Count));
        }
    }

    private static IEnumerable<KeyValuePair<string, double>> Lengths(StepReport report)
    {
        foreach (var row in Extent("response_length", report.Tally.Lengths))
        {
            yield return row;
        }

        yield return new("response_length/clip_ratio", (double)report.Tally.Truncated / Math.Max(1, report.Decisions.Count));
        foreach (var row in Extent("prompt_length", PromptLengths(report.Groups)))
        {
            yield return row;
        }
    }

    private static IEnumerable<KeyValuePair<string, double>> Budget(StepReport report)
    {
        var effective = report.Groups.Where(HasBothOutcomes).ToList();
        yield return new("budget/effective_gradient_ratio", (double)effective.Sum(g => g.Count) / Math.Max(1, report.Decisions.Count));
        yield return new("budget/effective_prompt_ratio", (double)effective.Count / Math.Max(1, report.Groups.Count));
        yield return new("frac_reward_zero_std", 1 - ((double)effective.Count / Math.Max(1, report.Groups.Count)));
        yield return new("budget/rollouts/total", report.Decisions.Count);
        yield return new("budget/rollouts/min", report.Groups.Count == 0 ? 0 : report.Groups.Min(g => g.Count));
        yield return new("budget/rollouts/max", report.Groups.Count == 0 ? 0 : report.Groups.Max(g => g.Count));
        yield return new("budget/entropy", Entropy(report.Groups));
        yield return new("budget/rounds", report.Planning.Rounds);
        yield return new("budget/expected_cost", report.Planning.ExpectedCost);
        yield return new("budget/unsolved_prompt_ratio", (double)report.Groups.Count(g => !g.Verdicts.Any(v => v.IsCorrect)) / Math.Max(1, report.Groups.Count));
        foreach (var (fate, reason, count) in report.Tally.ReasonsWith(report.Replayed))
        {
            yield return new($"recomposition/{ToSnakeCase(fate)}/{reason}", count);
        }

        yield return new("train/num_gen_batches", report.SamplingRounds);
        var replayed = report.Replayed.Where(d => d.Fate == RolloutFate.Replayed).ToList();
        if (replayed.Count > 0)
        {
            yield return new("recomposition/policy_age/mean", replayed.Average(d => (double)d.PolicyAge));
            yield return new("recomposition/policy_age/max", replayed.Max(d => d.PolicyAge));
        }
    }

    private static IEnumerable<KeyValuePair<string, double>> Beside(SideWork work)
    {
        if (work.Rollouts > 0)
        {
            yield return new("beside/rollouts", work.Rollouts);
            yield return new("beside/tokens_generated", work.Statistics.TokensGenerated);
        }

        foreach (var row in work.Metrics)
        {
            yield return row;
        }
    }

    private static IEnumerable<KeyValuePair<string, double>> Engine(StepReport report)
    {
        var statistics = report.Statistics;
        var inLeaves = report.Decisions.Sum(d => (long)d.Rollout.Length + d.Prompt.TokenIds.Length);
        yield return new("engine/tokens_generated", statistics.TokensGenerated);
        yield return new("engine/tokens_computed", statistics.TokensComputed);
        yield return new("engine/prefix_reuse", (double)statistics.TokensComputed / Math.Max(1, inLeaves));
        yield return new("engine/preemptions", statistics.Preemptions);
        yield return new("engine/peak_blocks", statistics.PeakBlocks);
    }

    private static IEnumerable<KeyValuePair<string, double>> Timing(StepReport report)
    {
        var s = report.Seconds;
        yield return new("timing_s/plan", s[Phase.Plan]);
        yield return new("timing_s/gen", s[Phase.Rollout]);
        yield return new("timing_s/reward", s[Phase.Verify]);
        yield return new("timing_s/adv", s[Phase.Advantage]);
        yield return new("timing_s/update_actor", s[Phase.Update]);
        yield return new("timing_s/step", s.Total);
        yield return new("perf/throughput", (report.Statistics.TokensGenerated + report.Beside.Statistics.TokensGenerated + report.Update.TokensTrained) / Math.Max(s.Total, 1e-9));
    }

    private static bool HasBothOutcomes(GradedGroup group)
    {
        var first = float.NaN;
        foreach (var verdict in group.Verdicts)
        {
            if (!float.IsNaN(verdict.Reward))
            {
                first = float.IsNaN(first) ? verdict.Reward : first;
                if (verdict.Reward != first)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>How evenly the rollouts are spread over the prompts that got any, in [0, 1]: the entropy of their shares over its maximum.</summary>
    private static double Entropy(IReadOnlyList<GradedGroup> groups)
    {
        var total = groups.Sum(g => (double)g.Count);
        var entropy = groups.Where(g => g.Count > 0).Sum(g => -(g.Count / total) * Math.Log(g.Count / total));
        return groups.Count > 1 ? entropy / Math.Log(groups.Count) : 1;
    }

    private static RunningSummary PromptLengths(IReadOnlyList<GradedGroup> groups)
    {
        var lengths = default(RunningSummary);
        foreach (var group in groups)
        {
            lengths.Add(group.Group.Prompt.TokenIds.Length);
        }

        return lengths;
    }

    private static IEnumerable<KeyValuePair<string, double>> Extent(string name, RunningSummary values)
    {
        if (values.Count > 0)
        {
            yield return new($"{name}/mean", values.Mean);
            yield return new($"{name}/max", values.Max);
            yield return new($"{name}/min", values.Min);
        }
    }

    private static string ToSnakeCase<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
