namespace RolloutLab.Models;

/// <summary>Angular frequencies of the rotary pairs, with the factor on cosines and sines, in double precision.</summary>
internal static class RotaryFrequencies
{
    /// <summary>Frequency of each pair, <c>[hd/2]</c>, in radians a position: θ^(−2d/hd), stretched as the scaling says.</summary>
    public static double[] Of(ModelConfig config)
    {
        var plain = new double[config.HeadDim / 2];
        for (var d = 0; d < plain.Length; d++)
        {
            plain[d] = Math.Pow(config.RopeTheta, -2.0 * d / config.HeadDim);
        }

        return config.RopeScaling switch
        {
            { Type: RopeScalingType.Linear } scaling => Array.ConvertAll(plain, f => f / scaling.Factor),
            { Type: RopeScalingType.Llama3 } scaling => Array.ConvertAll(plain, f => Llama3(scaling, f)),
            { Type: RopeScalingType.Yarn } scaling => Yarn(config, scaling, plain),
            _ => plain,
        };
    }

    /// <summary>Factor on every cosine and sine: 1 except in YaRN, whose attention is hotter.</summary>
    public static double AttentionFactor(ModelConfig config) => config.RopeScaling switch
    {
        { Type: RopeScalingType.Yarn, AttentionFactor: { } given } => given,
        { Type: RopeScalingType.Yarn, Mscale: { } numerator, MscaleAllDim: { } denominator } scaling when numerator != 0 && denominator != 0 =>
            Heat(scaling.Factor, numerator) / Heat(scaling.Factor, denominator),
        { Type: RopeScalingType.Yarn } scaling => Heat(scaling.Factor, 1),
        _ => 1,
    };

    private static double Heat(double factor, double scale) => (0.1 * scale * Math.Log(factor)) + 1;

    private static double Llama3(RopeScaling scaling, double frequency)
    {
        double low = scaling.LowFrequencyFactor!.Value, high = scaling.HighFrequencyFactor!.Value;
        // How often the pair turns within the original context.
        var turns = scaling.OriginalMaxPositions!.Value * frequency / (2 * Math.PI);
        var kept = Math.Clamp((turns - low) / (high - low), 0, 1);
        return ((1 - kept) * frequency / scaling.Factor) + (kept * frequency);
    }

    private static double[] Yarn(ModelConfig config, RopeScaling scaling, double[] plain)
    {
        var original = scaling.OriginalMaxPositions ?? config.MaxPositions;
        // The pair, as a real number, that turns so often within the original context.
        double PairOf(double turns) => config.HeadDim * Math.Log(original / (turns * 2 * Math.PI)) / (2 * Math.Log(config.RopeTheta));
        var (first, last) = (PairOf(OrDefault(scaling.BetaFast, 32)), PairOf(OrDefault(scaling.BetaSlow, 1)));
        if (scaling.Truncate ?? true)
        {
            (first, last) = (Math.Floor(first), Math.Ceiling(last));
        }

        (first, last) = (Math.Max(first, 0), Math.Min(last, config.HeadDim - 1));
        var width = first == last ? 0.001 : last - first;
        return [.. plain.Select((frequency, d) =>
        {
            var stretched = Math.Clamp((d - first) / width, 0, 1);
            return (frequency / scaling.Factor * stretched) + (frequency * (1 - stretched));
        })];
    }

    private static double OrDefault(double? value, double fallback) => value ?? fallback;
}
