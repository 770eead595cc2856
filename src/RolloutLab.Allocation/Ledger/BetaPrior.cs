namespace RolloutLab.Allocation;

/// <summary>A Beta distribution that success rates are believed to have before a prompt's own rollouts are looked at.</summary>
/// <param name="Successes">a, above 0.</param>
/// <param name="Failures">b, above 0.</param>
public readonly record struct BetaPrior(double Successes, double Failures)
{
    /// <summary>Beta(½, ½), which says least (Jeffreys 1946).</summary>
    public static BetaPrior Jeffreys { get; } = new(0.5, 0.5);
}
