namespace RolloutLab.Cli;

/// <summary>What one run of a sweep came to.</summary>
/// <param name="Variant">Its variant.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="PassAt1">pass@1 at the end.</param>
/// <param name="Length">Mean response length at the end, in tokens.</param>
/// <param name="EffectiveRatio">Mean over steps of the share of rollouts in groups with both outcomes.</param>
/// <param name="Curve">pass@1 at each evaluation with the rollouts and tokens spent until then.</param>
internal sealed record SweepRun(
    string Variant, long Seed, double PassAt1, double Length, double EffectiveRatio, IReadOnlyList<SweepPoint> Curve)
{
    // A target that is a mean of results may differ from an equal result in its last bit.
    private const double Rounding = 1e-9;

    /// <summary>Rollouts and tokens spent when pass@1 first was at a target, in a line between evaluations; null when it never was.</summary>
    public (double Rollouts, double Tokens)? CostTo(double target)
    {
        for (var i = 0; i < Curve.Count; i++)
        {
            if (Curve[i].PassAt1 < target - Rounding)
            {
                continue;
            }

            if (i == 0)
            {
                return (Curve[0].Rollouts, Curve[0].Tokens);
            }

            var (before, after) = (Curve[i - 1], Curve[i]);
            var share = (target - before.PassAt1) / (after.PassAt1 - before.PassAt1);
            return (before.Rollouts + (share * (after.Rollouts - before.Rollouts)), before.Tokens + (share * (after.Tokens - before.Tokens)));
        }

        return null;
    }
}

/// <summary>One evaluation of a run.</summary>
/// <param name="Step">Training steps before it.</param>
/// <param name="Rollouts">Training rollouts before it.</param>
/// <param name="Tokens">Training tokens generated before it.</param>
/// <param name="PassAt1">pass@1.</param>
internal readonly record struct SweepPoint(long Step, double Rollouts, double Tokens, double PassAt1);
