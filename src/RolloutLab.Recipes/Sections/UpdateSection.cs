using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>What a token shared by several rollouts of a group is credited with.</summary>
public enum PrefixCredit
{
    /// <summary>Each rollout's own advantage, once for each: as if every rollout were trained alone.</summary>
    Leaf,

    /// <summary>The mean of their advantages, once.</summary>
    Node,
}

/// <summary>What happens to tokens that a branch policy put in place, forced or greedy, instead of drawing them.</summary>
public enum ForcedTokens
{
    /// <summary>Trained like drawn ones.</summary>
    Train,

    /// <summary>Left out of the loss and its denominators.</summary>
    Mask,
}

/// <summary>How a step's rollouts become optimizer steps.</summary>
public sealed record UpdateSection
{
    /// <summary>Times each rollout is trained on.</summary>
    public required int Epochs { get; init; }

    /// <summary>Optimizer steps an epoch.</summary>
    public required int Minibatches { get; init; }

    /// <summary>Tokens in one forward and backward pass; changes memory and speed, not the gradient.</summary>
    public required int MicroBatchTokens { get; init; }

    /// <summary>Whether each layer is computed again in the backward pass instead of keeping its activations; the same gradients, bit for bit.</summary>
    public required bool GradientCheckpointing { get; init; }

    /// <summary>What a token shared by several rollouts of a group is credited with.</summary>
    public required PrefixCredit PrefixCredit { get; init; }

    /// <summary>What happens to tokens that a branch policy put in place.</summary>
    public required ForcedTokens ForcedTokens { get; init; }

    internal static UpdateSection Read(SectionReader r) => new()
    {
        Epochs = r.Integer("epochs", 1, AtLeast(1), "Times each rollout is trained on."),
        Minibatches = r.Integer("minibatches", 1, AtLeast(1), "Optimizer steps an epoch."),
        MicroBatchTokens = r.Integer(
            "micro_batch_tokens", 4096, AtLeast(1), "Most tokens of a forward and backward pass, which bounds its memory; a longer sequence gets a pass of its own. The gradient does not depend on it."),
        GradientCheckpointing = r.Flag(
            "gradient_checkpointing",
            false,
            "Compute each layer again in the backward pass instead of keeping its activations: a third more arithmetic, far less memory, the same gradients. Holds for sft too."),
        PrefixCredit = r.Choice(
            "prefix_credit",
            PrefixCredit.Leaf,
            "Credit of a token that rollouts of a group share: each one's own advantage, or once the mean of them.",
            ("leaf", PrefixCredit.Leaf),
            ("node", PrefixCredit.Node)),
        ForcedTokens = r.Choice(
            "forced_tokens",
            ForcedTokens.Train,
            "Tokens that a branch policy put in place: trained like drawn ones, or left out of the loss.",
            ("train", ForcedTokens.Train),
            ("mask", ForcedTokens.Mask)),
    };
}
