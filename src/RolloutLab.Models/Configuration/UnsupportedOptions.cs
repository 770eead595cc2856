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
        RefuseFlag(reader, "rope_interleaved", "only rotation of the two halves of a head is supported");
        RefuseUnless(reader, "attention_dropout", 0, "dropout is not supported; set it to 0");
        RefuseUnless(reader, "partial_rotary_factor", 1, "only full rotation is supported");
        if (reader.Has("quantization_config"))
        {
            throw reader.Error("quantization_config", "quantised weights are not supported; export F32, F16 or BF16");
        }

        foreach (var key in (string[])["rope_scaling", "rope_parameters"])
        {
            if (reader.Section(key) is { } section)
            {
                RefuseUnless(section, "partial_rotary_factor", 1, "only full rotation is supported");
            }
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
