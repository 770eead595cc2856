using System.Globalization;
using RolloutLab.Core;
using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>Reads the keys that say how tokens are drawn; <c>rollout</c> and <c>evaluation</c> both have them.</summary>
internal static class SamplingReader
{
    /// <summary>Reads the keys of <c>rollout</c>.</summary>
    public static SamplingParameters Read(SectionReader r) => Read(r, new SamplingParameters(), inherited: null);

    /// <summary>Reads the keys into a section of its own, with another section's values as the defaults.</summary>
    /// <param name="r">The section.</param>
    /// <param name="fallback">The defaults.</param>
    /// <param name="inherited">Path of the section the defaults come from; null when they are fixed.</param>
    public static SamplingParameters Read(SectionReader r, SamplingParameters fallback, string? inherited)
    {
        return new SamplingParameters
        {
            Temperature = (float)r.Number(
                "temperature", Widen(fallback.Temperature), AtLeast(0),
                "Logits are divided by it; 0 takes the most probable token.", From("temperature")),
            TopK = r.Integer("top_k", fallback.TopK, AtLeast(0), "Draw from the k most probable tokens only; 0 for all.", From("top_k")),
            TopP = (float)r.Number(
                "top_p", Widen(fallback.TopP), AboveAtMost(0, 1),
                "Draw from the fewest tokens that have this probability together; 1 for all.", From("top_p")),
            MinP = (float)r.Number(
                "min_p", Widen(fallback.MinP), AtLeastBelow(0, 1),
                "Draw from tokens at least this fraction as probable as the best; 0 for all.", From("min_p")),
            MaxNewTokens = r.Integer(
                "max_new_tokens", fallback.MaxNewTokens, AtLeast(1),
                "Longest response in tokens, the end token included.", From("max_new_tokens")),
        };

        string? From(string key) => inherited is null ? null : $"{inherited}.{key}";
    }

    // The double whose shortest text is that of the float: 0.95f becomes 0.95, not 0.949999988079071.
    private static double Widen(float value) =>
        double.Parse(value.ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
