namespace RolloutLab.Models;

/// <summary>
/// Reads the rotary settings of a <c>config.json</c> in both layouts: <c>rope_theta</c> with <c>rope_scaling</c>, and the newer
/// <c>rope_parameters</c>, which holds both.
/// </summary>
internal static class RopeScalingReader
{
    private const string Supported = "default, linear, dynamic, llama3, yarn";

    /// <summary>The base, which may stand in either place but not differ between them.</summary>
    public static double Theta(ConfigReader reader)
    {
        var nested = reader.Section("rope_parameters") is { } parameters && parameters.Has("rope_theta")
            ? parameters.Double("rope_theta", 0)
            : (double?)null;
        if (!reader.Has("rope_theta"))
        {
            return nested ?? 10_000;
        }

        var theta = reader.Double("rope_theta", 0);
        return nested is null || nested == theta
            ? theta
            : throw reader.Error("rope_theta", $"{theta}, but rope_parameters.rope_theta is {nested}; remove one");
    }

    /// <summary>The scaling, or null for the plain rotation.</summary>
    public static RopeScaling? Scaling(ConfigReader reader)
    {
        RopeScaling? found = null;
        foreach (var key in (string[])["rope_scaling", "rope_parameters"])
        {
            if (reader.Section(key) is { } section && Read(reader, section, key) is { } scaling)
            {
                found = found is null || found == scaling
                    ? scaling
                    : throw reader.Error(key, "differs from rope_scaling; remove one");
            }
        }

        return found;
    }

    private static RopeScaling? Read(ConfigReader reader, ConfigReader section, string key)
    {
        // Older files say "type", newer ones "rope_type"; a section without either asks for no scaling.
        var name = section.Text("rope_type", section.Text("type", "default"));
        RopeScalingType? type = name switch
        {
            "default" => null,
            "linear" => RopeScalingType.Linear,
            "dynamic" => RopeScalingType.Dynamic,
            "llama3" => RopeScalingType.Llama3,
            "yarn" => RopeScalingType.Yarn,
            _ => throw reader.Error(key, $"rope type '{Excerpt.Of(name)}' is not supported; supported: {Supported}"),
        };
        if (type is null)
        {
            return null;
        }

        var scaling = Build(section, type.Value);
        if (scaling.FindProblem() is var (wrong, reason))
        {
            throw section.Error(wrong, reason);
        }

        RefuseShorterDynamic(reader, section, scaling);
        return scaling;
    }

    private static RopeScaling Build(ConfigReader section, RopeScalingType type) => type switch
    {
        RopeScalingType.Llama3 => new(type, section.Double("factor"))
        {
            OriginalMaxPositions = section.Int("original_max_position_embeddings"),
            LowFrequencyFactor = section.Double("low_freq_factor"),
            HighFrequencyFactor = section.Double("high_freq_factor"),
        },
        RopeScalingType.Yarn => new(type, section.Double("factor"))
        {
            OriginalMaxPositions = section.Has("original_max_position_embeddings") ? section.Int("original_max_position_embeddings") : null,
            BetaFast = section.OptionalDouble("beta_fast"),
            BetaSlow = section.OptionalDouble("beta_slow"),
            AttentionFactor = section.OptionalDouble("attention_factor"),
            Mscale = section.OptionalDouble("mscale"),
            MscaleAllDim = section.OptionalDouble("mscale_all_dim"),
            Truncate = section.Has("truncate") ? section.Bool("truncate", true) : null,
        },
        _ => new(type, section.Double("factor"))
        {
            OriginalMaxPositions = section.Has("original_max_position_embeddings") ? section.Int("original_max_position_embeddings") : null,
        },
    };

    /// <summary>Below the length from which the base grows nothing changes; beyond it keys would have to be turned again as a sequence grows.</summary>
    private static void RefuseShorterDynamic(ConfigReader reader, ConfigReader section, RopeScaling scaling)
    {
        var positions = reader.Int("max_position_embeddings");
        if (scaling is { Type: RopeScalingType.Dynamic, OriginalMaxPositions: { } original } && original < positions)
        {
            throw section.Error(
                "original_max_position_embeddings",
                $"dynamic scaling from {original} positions on is not supported; set max_position_embeddings ({positions}) to {original}, within which it changes nothing");
        }
    }
}
