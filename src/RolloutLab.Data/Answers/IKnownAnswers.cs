using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>The known answer to a prompt.</summary>
/// <param name="Shown">As a prompt shows it.</param>
/// <param name="Final">What the final answer of a right response begins with.</param>
public readonly record struct KnownAnswer(string Shown, string Final);

/// <summary>Knows the answers to prompts.</summary>
public interface IKnownAnswers
{
    /// <summary>The answer; null where there is none. Deterministic.</summary>
    KnownAnswer? Of(Prompt prompt);
}

/// <summary>The answers that a prompt set brings with it.</summary>
public sealed class GivenAnswers : IKnownAnswers
{
    /// <inheritdoc/>
    public KnownAnswer? Of(Prompt prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return prompt.Answer.Length > 0 ? new KnownAnswer(prompt.Answer, prompt.Answer) : null;
    }
}
