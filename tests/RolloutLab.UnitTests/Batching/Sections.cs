using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Batching;

/// <summary>Recipe sections with the recipe's defaults, for tests that vary one key.</summary>
internal static class Sections
{
    public static GrpoAdvantageSection Grpo { get; } = new()
    {
        Normalize = AdvantageNormalization.GroupStd, Epsilon = 1e-6, Singleton = SingletonAdvantage.Zero,
    };

    public static LossSection Loss { get; } = new()
    {
        Policy = new VanillaLossSection { ClipLow = 0.2, ClipHigh = 0.2, DualClip = 3 }, Aggregation = LossAggregation.TokenMean,
    };

    public static UpdateSection Update { get; } = new() { Epochs = 1, Minibatches = 1, MicroBatchTokens = 4096, GradientCheckpointing = false, PrefixCredit = PrefixCredit.Leaf, ForcedTokens = ForcedTokens.Train };
}
