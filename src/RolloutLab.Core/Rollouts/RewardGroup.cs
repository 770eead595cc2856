namespace RolloutLab.Core;

/// <summary>
/// What an advantage estimator sees of one prompt's n rollouts. Groups are ragged; all outer arrays are aligned to the
/// rollouts, <c>[n]</c>, and optional ones are empty where a source does not know them.
/// </summary>
public sealed record RewardGroup
{
    /// <summary>Names the prompt; keys what an estimator remembers from step to step.</summary>
    public required string Key { get; init; }

    /// <summary>Rewards; NaN where there is no verdict: the rollout then leaves every baseline and has advantage 0.</summary>
    public required double[] Rewards { get; init; }

    /// <summary>Trained tokens of each rollout, at least 0.</summary>
    public required int[] Lengths { get; init; }

    /// <summary>The parts a reward is made of, <c>[K][n]</c>, NaN where a part is absent.</summary>
    public double[][] Components { get; init; } = [];

    /// <summary>Weight of each part, <c>[K]</c>.</summary>
    public double[] ComponentWeights { get; init; } = [];

    /// <summary>A baseline given from outside, such as the reward of the greedy answer; NaN where there is none.</summary>
    public double[] Baselines { get; init; } = [];

    /// <summary>Who played each rollout, where several agents with baselines of their own learn together.</summary>
    public string[] Agents { get; init; } = [];

    /// <summary>Ids along each rollout, whose common prefixes are the tree it grew on: response tokens, or branches.</summary>
    public int[][] Paths { get; init; } = [];

    /// <summary>Log-probability of each trained token.</summary>
    public double[][] LogProbs { get; init; } = [];

    /// <summary>Sum of the squared probabilities of the whole vocabulary at each trained token.</summary>
    public double[][] SquaredProbs { get; init; } = [];

    /// <summary>Number of rollouts n.</summary>
    public int Count => Rewards.Length;
}

/// <summary>The advantages of one group.</summary>
/// <param name="Rollouts">One for each rollout, <c>[n]</c>; where tokens have their own, their mean.</param>
/// <param name="Tokens">One for each trained token of each rollout, <c>[n][T]</c>; null where every token has its rollout's.</param>
public sealed record GroupAdvantages(double[] Rollouts, double[][]? Tokens = null);
