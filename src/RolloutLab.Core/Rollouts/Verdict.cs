namespace RolloutLab.Core;

/// <summary>What a verifier could say about a response.</summary>
public enum VerdictStatus
{
    /// <summary>The answer was found and is right.</summary>
    Correct,

    /// <summary>An answer was found and is wrong.</summary>
    Wrong,

    /// <summary>No answer in the expected form was found; counts as wrong.</summary>
    Malformed,

    /// <summary>The verifier itself failed; there is no reward, and the rollout leaves every baseline.</summary>
    Fault,
}

/// <summary>A verifier's judgement of one rollout.</summary>
/// <param name="Status">Outcome.</param>
/// <param name="Reward">Reward of the rollout; NaN exactly when <paramref name="Status"/> is <see cref="VerdictStatus.Fault"/>.</param>
/// <param name="Answer">The answer as normalised by the verifier, for majority votes; null when none was found.</param>
/// <param name="Detail">One short clause: why it is not correct; null when it is.</param>
public sealed record Verdict(VerdictStatus Status, float Reward, string? Answer, string? Detail)
{
    /// <summary>
    /// The parts the reward is the weighted sum of, NaN where a part is absent, in the order of the recipe's <c>reward</c>
    /// section; empty where the reward has one part only.
    /// </summary>
    public IReadOnlyList<float> Parts { get; init; } = [];

    /// <summary>Whether the rollout solved its prompt.</summary>
    public bool IsCorrect => Status == VerdictStatus.Correct;

    /// <summary>A right answer, reward 1.</summary>
    public static Verdict Correct(string answer) => new(VerdictStatus.Correct, 1f, answer, null);

    /// <summary>A wrong answer, reward 0.</summary>
    public static Verdict Wrong(string? answer, string detail) => new(VerdictStatus.Wrong, 0f, answer, detail);

    /// <summary>No answer in the expected form, reward 0.</summary>
    public static Verdict Malformed(string detail) => new(VerdictStatus.Malformed, 0f, null, detail);

    /// <summary>The verifier failed; no reward.</summary>
    public static Verdict Fault(string detail) => new(VerdictStatus.Fault, float.NaN, null, detail);
}
