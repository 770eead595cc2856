namespace RolloutLab.Models;

/// <summary>
/// Finds out from a <c>config.json</c> whether some layer looks back on a window only. A window that no sequence of the
/// model can outgrow is none.
/// </summary>
internal static class SlidingWindowReader
{
    private const string Full = "full_attention";
    private const string Sliding = "sliding_attention";
    private const int DefaultWindow = 4096;
    private const int DefaultFullLayers = 28;

    /// <summary>The window in tokens, or null.</summary>
    public static int? Read(ConfigReader reader, ModelFamily family)
    {
        var types = reader.Texts("layer_types");
        foreach (var type in types)
        {
            if (type != Full && (type != Sliding || family is ModelFamily.Llama or ModelFamily.Mistral))
            {
                var supported = family is ModelFamily.Llama or ModelFamily.Mistral ? Full : $"{Full}, {Sliding}";
                throw reader.Error("layer_types", $"'{Excerpt.Of(type)}' is not supported; supported: {supported}");
            }
        }

        if (!IsEnabled(reader, family) || !HasSlidingLayer(reader, family, types))
        {
            return null;
        }

        var window = reader.Int("sliding_window", DefaultWindow);
        return window < reader.Int("max_position_embeddings") ? window : null;
    }

    private static bool IsEnabled(ConfigReader reader, ModelFamily family) => family switch
    {
        ModelFamily.Mistral => reader.Has("sliding_window"),
        ModelFamily.Qwen2 or ModelFamily.Qwen3 => reader.Bool("use_sliding_window", false),
        _ => reader.Has("sliding_window") && reader.Bool("use_sliding_window", true),
    };

    /// <summary>Qwen counts full layers from the first: <c>max_window_layers</c> of them, unless <c>layer_types</c> says each.</summary>
    private static bool HasSlidingLayer(ConfigReader reader, ModelFamily family, string[] types) =>
        family is not (ModelFamily.Qwen2 or ModelFamily.Qwen3)
        || (types.Length > 0
            ? types.Contains(Sliding)
            : reader.Int("max_window_layers", DefaultFullLayers) < reader.Int("num_hidden_layers"));
}
