using System.Runtime.InteropServices;

namespace RolloutLab.Allocation;

/// <summary>What the ledger holds of one prompt: 36 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
public struct LedgerEntry : IEquatable<LedgerEntry>
{
    /// <summary>Successes, older ones faded.</summary>
    public float Successes { get; internal set; }

    /// <summary>Failures, older ones faded.</summary>
    public float Failures { get; internal set; }

    /// <summary>Rollouts that the cost figures stand for, older ones faded.</summary>
    public float CostWeight { get; internal set; }

    /// <summary>Mean response tokens of a rollout; 0 before the first.</summary>
    public float CostMean { get; internal set; }

    /// <summary>Sum of squared deviations of the response tokens, older ones faded.</summary>
    internal float CostSquares { get; set; }

    /// <summary>Success rate of the rollouts of the last visit; NaN before the first.</summary>
    public float LastRate { get; internal set; }

    /// <summary>Step of the last visit; 0 before the first.</summary>
    public int LastStep { get; internal set; }

    /// <summary>Graded rollouts in all.</summary>
    public int Rollouts { get; internal set; }

    /// <summary>Visits: steps in which it had graded rollouts.</summary>
    public int Visits { get; internal set; }

    /// <summary>Whether the prompt has had graded rollouts.</summary>
    public readonly bool IsSeen => Visits > 0;

    /// <summary>Variance of the response tokens of a rollout, at least 0; 0 before the second.</summary>
    public readonly double CostVariance => CostWeight > 1 ? CostSquares / (CostWeight - 1) : 0;

    /// <inheritdoc/>
    public readonly bool Equals(LedgerEntry other) =>
        (Successes, Failures, CostWeight, CostMean, CostSquares, LastStep, Rollouts, Visits)
            == (other.Successes, other.Failures, other.CostWeight, other.CostMean, other.CostSquares, other.LastStep, other.Rollouts, other.Visits)
        && LastRate.Equals(other.LastRate);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is LedgerEntry other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(Successes, Failures, CostMean, LastStep, Rollouts);

    /// <summary>Whether two entries hold the same figures.</summary>
    public static bool operator ==(LedgerEntry left, LedgerEntry right) => left.Equals(right);

    /// <summary>Whether two entries differ.</summary>
    public static bool operator !=(LedgerEntry left, LedgerEntry right) => !left.Equals(right);
}
