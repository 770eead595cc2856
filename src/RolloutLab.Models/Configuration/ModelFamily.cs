namespace RolloutLab.Models;

/// <summary>
/// The decoder architectures that can be read and trained; the names of Hugging Face's <c>model_type</c>. They share one
/// skeleton and differ in biases and in query/key normalisation only.
/// </summary>
public enum ModelFamily
{
    /// <summary>Llama: <c>attention_bias</c> puts a bias on the query, key, value and output projections.</summary>
    Llama,

    /// <summary>Mistral without a sliding window: never a bias.</summary>
    Mistral,

    /// <summary>Qwen2: always a bias on the query, key and value projections, never on the output projection.</summary>
    Qwen2,

    /// <summary>Qwen3: query and key heads are RMS-normalised before the rotation; biases as in Llama.</summary>
    Qwen3,
}
