namespace RolloutLab.Runs;

/// <summary>Runs of one recipe or variant over their seeds: means with 95 % intervals.</summary>
/// <param name="Name">The recipe or variant.</param>
/// <param name="Runs">Its runs.</param>
/// <param name="Target">pass@1 that costs are counted to.</param>
/// <param name="K">The k of <see cref="PassAtK"/>; 1 when only pass@1 was measured.</param>
public sealed record ComparedGroup(string Name, IReadOnlyList<RunMeasures> Runs, double Target, int K)
{
    /// <summary>pass@1 at the end.</summary>
    public Estimate PassAt1 => Of(r => r.PassAt1);

    /// <summary>pass@k at the end.</summary>
    public Estimate PassAtK => Of(r => r.PassAtK.GetValueOrDefault(K, double.NaN));

    /// <summary>Mean response length at the end, in tokens.</summary>
    public Estimate Length => Of(r => r.Length);

    /// <summary>Distinct answers in a group, over all steps.</summary>
    public Estimate DistinctAnswers => Of(r => r.DistinctAnswers);

    /// <summary>Share of rollouts in groups with both outcomes, over all steps.</summary>
    public Estimate EffectiveRatio => Of(r => r.EffectiveRatio);

    /// <summary>Steps until the target, over the runs that reached it.</summary>
    public Estimate StepsToTarget => Of(r => r.CostTo(Target)?.Step ?? double.NaN);

    /// <summary>Rollouts until the target, over the runs that reached it.</summary>
    public Estimate RolloutsToTarget => Of(r => r.CostTo(Target)?.Rollouts ?? double.NaN);

    /// <summary>Tokens until the target, over the runs that reached it.</summary>
    public Estimate TokensToTarget => Of(r => r.CostTo(Target)?.Tokens ?? double.NaN);

    /// <summary>Tokens of the whole run.</summary>
    public Estimate Tokens => Of(r => r.Spent.Tokens);

    private Estimate Of(Func<RunMeasures, double> measure) => Estimate.Of(Runs.Select(measure));
}
