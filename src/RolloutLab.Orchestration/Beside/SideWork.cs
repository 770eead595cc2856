using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>Rollouts that a step made beside its budget, and what was measured of them.</summary>
/// <param name="Rollouts">Their number.</param>
/// <param name="Statistics">What they cost.</param>
/// <param name="Metrics">Rows for the step's metrics, in a fixed order.</param>
public sealed record SideWork(int Rollouts, RolloutStatistics Statistics, IReadOnlyList<KeyValuePair<string, double>> Metrics)
{
    /// <summary>None.</summary>
    public static SideWork None { get; } = new(0, new RolloutStatistics(0, 0, 0, 0), []);

    /// <summary>Both.</summary>
    public static SideWork operator +(SideWork a, SideWork b) => new(a.Rollouts + b.Rollouts, a.Statistics + b.Statistics, [.. a.Metrics, .. b.Metrics]);

    /// <summary>Both.</summary>
    public static SideWork Add(SideWork a, SideWork b) => a + b;
}
