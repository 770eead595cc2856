namespace RolloutLab.Core;

/// <summary>Where a training loop stands: what a checkpoint holds besides weights and optimizer.</summary>
/// <param name="Step">Finished training steps.</param>
/// <param name="PolicyVersion">Optimizer steps taken.</param>
/// <param name="PromptEpoch">Epoch of the prompt order.</param>
/// <param name="PromptPosition">Prompts taken in that epoch.</param>
/// <param name="PromptsDeferred">Indices of prompts put off to the next step.</param>
/// <param name="RolloutsTotal">Training rollouts made.</param>
/// <param name="TokensGenerated">Training response tokens made.</param>
/// <param name="TokensTrained">Tokens that went through forward and backward.</param>
public sealed record LoopState(
    long Step,
    long PolicyVersion,
    long PromptEpoch,
    int PromptPosition,
    IReadOnlyList<int> PromptsDeferred,
    long RolloutsTotal,
    long TokensGenerated,
    long TokensTrained);
