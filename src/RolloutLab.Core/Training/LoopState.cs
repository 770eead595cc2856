namespace RolloutLab.Core;

/// <summary>An evaluation that no later one has surpassed.</summary>
/// <param name="Step">Training steps before it.</param>
/// <param name="PassAt1">What it measured.</param>
public sealed record BestEvaluation(long Step, double PassAt1);

/// <summary>Where a training loop stands: what a checkpoint holds besides weights, optimizer and the states of its parts.</summary>
public sealed record LoopState
{
    /// <summary>Finished training steps.</summary>
    public required long Step { get; init; }

    /// <summary>Optimizer steps taken.</summary>
    public required long PolicyVersion { get; init; }

    /// <summary>Epoch of the prompt order.</summary>
    public long PromptEpoch { get; init; }

    /// <summary>Prompts taken in that epoch.</summary>
    public int PromptPosition { get; init; }

    /// <summary>Indices of prompts put off to the next step.</summary>
    public IReadOnlyList<int> PromptsDeferred { get; init; } = [];

    /// <summary>Training rollouts made.</summary>
    public long RolloutsTotal { get; init; }

    /// <summary>Training response tokens made.</summary>
    public long TokensGenerated { get; init; }

    /// <summary>Tokens of the sequences that went through forward and backward.</summary>
    public long TokensTrained { get; init; }

    /// <summary>The policy before the first step.</summary>
    public PolicyScore Initial { get; init; } = new();

    /// <summary>The best evaluation so far; null before the first.</summary>
    public BestEvaluation? Best { get; init; }
}
