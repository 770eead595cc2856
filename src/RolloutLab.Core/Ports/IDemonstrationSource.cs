namespace RolloutLab.Core;

/// <summary>A prompt and the response to imitate, as token ids; the response ends with the end token.</summary>
/// <param name="PromptIds">Never empty.</param>
/// <param name="ResponseIds">Never empty.</param>
public readonly record struct Demonstration(int[] PromptIds, int[] ResponseIds);

/// <summary>An endless, seeded, addressable sequence of demonstrations for supervised fine-tuning.</summary>
public interface IDemonstrationSource
{
    /// <summary>Demonstration number <paramref name="index"/>; a pure function of the source and the index.</summary>
    Demonstration At(long index);
}
