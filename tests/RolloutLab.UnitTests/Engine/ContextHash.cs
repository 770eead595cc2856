namespace RolloutLab.UnitTests.Engine;

/// <summary>
/// The toy model of these tests: next-token probabilities are a hash of the whole context, so any wrong token changes
/// all later ones.
/// </summary>
internal static class ContextHash
{
    public const int VocabularySize = 11;
    public const int StopToken = 0;

    public static ulong Start => 0x9E3779B97F4A7C15;

    public static ulong Extend(ulong state, int token)
    {
        var mixed = (state ^ (ulong)(token + 1)) * 0xBF58476D1CE4E5B9;
        return mixed ^ (mixed >> 29);
    }

    /// <summary>Draws by the inverse of the cumulative distribution.</summary>
    public static (int Token, float LogProb) Draw(ulong state, double uniform)
    {
        Span<double> weights = stackalloc double[VocabularySize];
        var total = 0.0;
        for (var token = 0; token < VocabularySize; token++)
        {
            // The stop token is rare, so that lengths vary.
            weights[token] = (1 + (Extend(state, token + 100) >> 40) % 1000) * (token == StopToken ? 0.6 : 1);
            total += weights[token];
        }

        var target = uniform * total;
        var drawn = 0;
        while (drawn < VocabularySize - 1 && target >= weights[drawn])
        {
            target -= weights[drawn++];
        }

        return (drawn, (float)Math.Log(weights[drawn] / total));
    }
}
