namespace RolloutLab.Models;

/// <summary>Refuses the options of a <c>config.json</c> that would change the computation and are not implemented.</summary>
internal static class UnsupportedOptions
{
    public static void Refuse(ConfigReader reader, ModelFamily family)
    {
        foreach (var architecture in reader.Texts("architectures"))
        {
            if (architecture != $"{family}ForCausalLM")
            {
                throw reader.Error(
                    "architectures", $"'{Excerpt.Of(architecture)}' is not supported; supported with this model_type: {family}ForCausalLM");
            }
        }

        var activation = reader.Text("hidden_act", "silu");
        if (activation is not ("silu" or "swish"))
        {
            throw reader.Error("hidden_act", $"'{Excerpt.Of(activation)}' is not supported; supported: silu");
        }

        RefuseFlag(reader, "mlp_bias", "only bias-free feed-forward layers are supported");
        RefuseUnless(reader, "attention_dropout", 0, "dropout is not supported; set it to 0");
        RefuseUnless(reader, "partial_rotary_factor", 1, "only full rotation is supported");
        if (reader.Has("quantization_config"))
        {
            throw reader.Error("quantization_config", "quantised weights are not supported; export F32, F16 or BF16");
        }

        RefuseRopeScaling(reader);
        RefuseSlidingWindow(reader, family);
    }

    private static void RefuseRopeScaling(ConfigReader reader)
    {
        foreach (var key in (string[])["rope_scaling", "rope_parameters"])
        {
            if (reader.Section(key) is not { } section)
            {
                continue;
            }

            // Older files say "type", newer ones "rope_type"; a section without either asks for no scaling.
            var type = section.Text("rope_type", section.Text("type", "default"));
            if (type != "default")
            {
                throw reader.Error(key, $"rope type '{Excerpt.Of(type)}' is not supported; supported: null or type default");
            }

            RefuseUnless(section, "partial_rotary_factor", 1, "only full rotation is supported");
        }
    }

    /// <summary>A window that no sequence can outgrow changes nothing; any other one is refused.</summary>
    private static void RefuseSlidingWindow(ConfigReader reader, ModelFamily family)
    {
        foreach (var type in reader.Texts("layer_types"))
        {
            if (type != "full_attention")
            {
                throw reader.Error("layer_types", $"'{Excerpt.Of(type)}' is not supported; supported: full_attention");
            }
        }

        var enabled = family switch
        {
            ModelFamily.Mistral => reader.Has("sliding_window"),
            ModelFamily.Qwen2 or ModelFamily.Qwen3 => reader.Bool("use_sliding_window", false),
            _ => reader.Has("sliding_window") && reader.Bool("use_sliding_window", true),
        };
        if (enabled && reader.Long("sliding_window", 4096) is var window && window < reader.Long("max_position_embeddings"))
        {
            throw reader.Error(
                "sliding_window", $"a window of {window} is not supported; set it to null or use a model with full attention");
        }
    }

    private static void RefuseFlag(ConfigReader reader, string key, string reason)
    {
        if (reader.Bool(key, false))
        {
            throw reader.Error(key, $"true is not supported; {reason}");
        }
    }

    private static void RefuseUnless(ConfigReader reader, string key, double allowed, string reason)
    {
        if (reader.Double(key, allowed) is var value && value != allowed)
        {
            throw reader.Error(key, $"{value} is not supported; {reason}");
        }
    }
}
