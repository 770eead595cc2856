namespace RolloutLab.Core;

/// <summary>Grades responses. Must be deterministic, thread-safe, and linear in the length of the response.</summary>
public interface IVerifier
{
    /// <summary>Grades one response. Never throws for any response text: its own faults become <see cref="VerdictStatus.Fault"/>.</summary>
    /// <param name="prompt">The prompt with its reference answer.</param>
    /// <param name="response">The decoded response.</param>
    Verdict Verify(Prompt prompt, string response);
}
