using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>How a step's rollouts become optimizer steps.</summary>
public sealed record UpdateSection
{
    /// <summary>Times each rollout is trained on.</summary>
    public required int Epochs { get; init; }

    /// <summary>Optimizer steps an epoch.</summary>
    public required int Minibatches { get; init; }

    /// <summary>Tokens in one forward and backward pass; changes memory and speed, not the gradient.</summary>
    public required int MicroBatchTokens { get; init; }

    internal static UpdateSection Read(SectionReader r) => new()
    {
        Epochs = r.Integer("epochs", 1, AtLeast(1), "Times each rollout is trained on."),
        Minibatches = r.Integer("minibatches", 1, AtLeast(1), "Optimizer steps an epoch."),
        MicroBatchTokens = r.Integer(
            "micro_batch_tokens", 4096, AtLeast(1), "Tokens in one forward and backward pass; the gradient does not depend on it."),
    };
}
