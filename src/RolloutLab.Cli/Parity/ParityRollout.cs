namespace RolloutLab.Cli;

/// <summary>One rollout of a parity batch, checked: all arrays have n entries.</summary>
internal sealed record ParityRollout
{
    /// <summary>Names it in messages: its <c>id</c>, or its place from 0.</summary>
    public required string Name { get; init; }

    public required string Group { get; init; }

    /// <summary>The prompt it answers, where the file says so; rollouts of a group must agree.</summary>
    public string? Prompt { get; init; }

    /// <summary>NaN where there is no verdict.</summary>
    public double Reward { get; init; } = double.NaN;

    /// <summary>Whether the file gives a reward, be it none (null).</summary>
    public bool HasRewardKey { get; init; }

    /// <summary>The parts of the reward, NaN where one is absent; empty when there is one reward.</summary>
    public double[] Rewards { get; init; } = [];

    /// <summary>Overrides the estimator; null when it does not.</summary>
    public double? Advantage { get; init; }

    public bool? IsCorrect { get; init; }

    public double? Baseline { get; init; }

    public string Agent { get; init; } = "";

    public int[]? Path { get; init; }

    public required double[] LogProbs { get; init; }

    public double[]? OldLogProbs { get; init; }

    public double[]? RolloutLogProbs { get; init; }

    public double[]? RefLogProbs { get; init; }

    public double[]? Entropy { get; init; }

    public double[]? SquaredProbs { get; init; }

    /// <summary>First trained token.</summary>
    public int First { get; init; }

    /// <summary>Trained tokens: they stand side by side.</summary>
    public int Length { get; init; }
}
