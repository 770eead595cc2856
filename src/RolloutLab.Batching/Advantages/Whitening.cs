using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>
/// Whitening over a step's tokens, as verl does: (x − μ)/√(var + 1e-8), each rollout counting with its trained tokens, the
/// variance unbiased. Long answers dominate the mean; that is how it is published.
/// </summary>
internal static class Whitening
{
    private const double Epsilon = 1e-8;

    /// <summary>Whitens values that are the same for all tokens of a rollout.</summary>
    public static List<GroupAdvantages> OfRollouts(IReadOnlyList<RewardGroup> groups, IReadOnlyList<GroupAdvantages> values)
    {
        double tokens = 0, mean = 0, squares = 0;
        foreach (var (value, length) in Present(groups, values))
        {
            tokens += length;
            var delta = value - mean;
            mean += delta * length / tokens;
            squares += length * delta * (value - mean);
        }

        var scale = Scale(squares, tokens);
        return [.. groups.Zip(values, (g, v) => PerRollout.Of(g, i => (v.Rollouts[i] - mean) * scale))];
    }

    /// <summary>Whitens values that differ by token.</summary>
    public static List<GroupAdvantages> OfTokens(IReadOnlyList<double[][]> values)
    {
        double tokens = 0, mean = 0, squares = 0;
        foreach (var value in values.SelectMany(g => g).SelectMany(r => r))
        {
            tokens++;
            var delta = value - mean;
            mean += delta / tokens;
            squares += delta * (value - mean);
        }

        var scale = Scale(squares, tokens);
        return [.. values.Select(g => TokenAdvantages.Of([.. g.Select(r => Array.ConvertAll(r, x => (x - mean) * scale))]))];
    }

    private static double Scale(double squares, double tokens) => tokens > 1 ? 1 / Math.Sqrt((squares / (tokens - 1)) + Epsilon) : 0;

    private static IEnumerable<(double Value, int Length)> Present(IReadOnlyList<RewardGroup> groups, IReadOnlyList<GroupAdvantages> values)
    {
        for (var g = 0; g < groups.Count; g++)
        {
            for (var i = 0; i < groups[g].Count; i++)
            {
                if (!double.IsNaN(groups[g].Rewards[i]) && groups[g].Lengths[i] > 0)
                {
                    yield return (values[g].Rollouts[i], groups[g].Lengths[i]);
                }
            }
        }
    }
}

/// <summary>Advantages that differ by token.</summary>
internal static class TokenAdvantages
{
    /// <summary>With the mean of its tokens for each rollout; 0 for one without.</summary>
    public static GroupAdvantages Of(double[][] tokens) => new([.. tokens.Select(t => t.Length == 0 ? 0 : t.Average())], tokens);
}
