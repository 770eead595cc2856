using System.Text.Json.Nodes;

namespace RolloutLab.NativeTests.Models;

/// <summary>
/// Rotary positions as published, from the keys of a config.json: the pair (d, d + dim/2) turns by position · θ^(−2d/dim)
/// (arXiv 2104.09864), with the wave lengths changed as linear interpolation, Llama 3.1 and YaRN (arXiv 2309.00071, §3) say.
/// Dynamic scaling changes nothing within max_position_embeddings.
/// </summary>
internal sealed class DenseRotation
{
    private readonly double[] _frequencies;
    private readonly double _heat = 1;

    public DenseRotation(JsonObject config, int dim)
    {
        var parameters = config["rope_parameters"] as JsonObject;
        var theta = (double?)config["rope_theta"] ?? (double?)parameters?["rope_theta"] ?? 10_000;
        var scaling = config["rope_scaling"] as JsonObject ?? parameters;
        var type = (string?)scaling?["rope_type"] ?? (string?)scaling?["type"];
        _frequencies = [.. Enumerable.Range(0, dim / 2).Select(d => 1 / Math.Pow(theta, 2.0 * d / dim))];
        var factor = (double?)scaling?["factor"] ?? 1;
        var context = (double?)scaling?["original_max_position_embeddings"] ?? (double)config["max_position_embeddings"]!;
        switch (type)
        {
            case "linear":
                _frequencies = [.. _frequencies.Select(f => f / factor)];
                break;
            case "llama3":
                double low = (double)scaling!["low_freq_factor"]!, high = (double)scaling["high_freq_factor"]!;
                _frequencies = [.. _frequencies.Select(f => Llama3(f, factor, context, low, high))];
                break;
            case "yarn":
                _heat = (0.1 * Math.Log(factor)) + 1;
                _frequencies = [.. _frequencies.Select((f, d) => Yarn(f, d, factor, context, theta, dim))];
                break;
        }
    }

    public double[] Rotate(double[] head, int position)
    {
        var half = head.Length / 2;
        var turned = new double[head.Length];
        for (var d = 0; d < half; d++)
        {
            var (sin, cos) = Math.SinCos(position * _frequencies[d]);
            turned[d] = _heat * ((head[d] * cos) - (head[d + half] * sin));
            turned[d + half] = _heat * ((head[d + half] * cos) + (head[d] * sin));
        }

        return turned;
    }

    private static double Llama3(double frequency, double factor, double context, double low, double high)
    {
        var wave = 2 * Math.PI / frequency;
        if (wave < context / high)
        {
            return frequency;
        }

        if (wave > context / low)
        {
            return frequency / factor;
        }

        var smooth = ((context / wave) - low) / (high - low);
        return ((1 - smooth) * frequency / factor) + (smooth * frequency);
    }

    /// <summary>With 32 turns kept, 1 turn stretched, and the dimensions of both rounded outwards.</summary>
    private static double Yarn(double frequency, int d, double factor, double context, double theta, int dim)
    {
        double DimensionOf(double turns) => dim * Math.Log(context / (turns * 2 * Math.PI)) / (2 * Math.Log(theta));
        var low = Math.Max(Math.Floor(DimensionOf(32)), 0);
        var high = Math.Min(Math.Ceiling(DimensionOf(1)), dim - 1);
        var ramp = d <= low ? 0 : d >= high ? 1 : (d - low) / (high - low);
        return (ramp * frequency / factor) + ((1 - ramp) * frequency);
    }
}
