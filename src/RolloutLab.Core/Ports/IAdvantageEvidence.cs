namespace RolloutLab.Core;

/// <summary>What is known of a group's n rollouts besides their rewards; arrays are aligned to them, and empty where unknown.</summary>
public sealed record GroupEvidence
{
    /// <summary>Reward of the greedy answer to the group's prompt; NaN for none.</summary>
    public double Baseline { get; init; } = double.NaN;

    /// <summary>What is taken from each reward, <c>[n]</c>: the divergence from the reference.</summary>
    public double[] Penalties { get; init; } = [];

    /// <summary>Log-probability of each token under the current policy, <c>[n][T]</c>.</summary>
    public double[][] LogProbs { get; init; } = [];

    /// <summary>Sum of the squared probabilities of the whole vocabulary at each token, <c>[n][T]</c>.</summary>
    public double[][] SquaredProbs { get; init; } = [];

    /// <summary>The evidence of some of the rollouts.</summary>
    /// <param name="places">Which, in their order.</param>
    public GroupEvidence At(int[] places) => this with
    {
        Penalties = Some(Penalties, places), LogProbs = Some(LogProbs, places), SquaredProbs = Some(SquaredProbs, places),
    };

    private static T[] Some<T>(T[] all, int[] places) => all.Length == 0 ? all : Array.ConvertAll(places, i => all[i]);
}

/// <summary>Finds out what an estimator needs besides rewards.</summary>
public interface IAdvantageEvidence
{
    /// <summary>Evidence for each group, and rows for the step's metrics.</summary>
    (IReadOnlyList<GroupEvidence> Groups, IReadOnlyList<KeyValuePair<string, double>> Metrics) Of(IReadOnlyList<GradedGroup> groups);
}
