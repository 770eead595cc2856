using System.Globalization;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>What a log says became of a rollout.</summary>
public sealed record LoggedOutcome
{
    /// <summary>The file it stands in.</summary>
    public required string File { get; init; }

    /// <summary>Its row or line there, from 1.</summary>
    public required long Row { get; init; }

    /// <summary>Where it stands, for messages.</summary>
    public string Where => string.Create(CultureInfo.InvariantCulture, $"{File}:{Row}");

    /// <summary>The verdict; null where the log has none.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>The advantage; null where the log has none.</summary>
    public float? Advantage { get; init; }

    /// <summary>What recomposition decided; null where the log does not say.</summary>
    public RolloutFate? Fate { get; init; }

    /// <summary>Why; null where the log does not say.</summary>
    public string? Reason { get; init; }

    /// <summary>Factor of its loss.</summary>
    public float Weight { get; init; } = 1;

    /// <summary>Policy versions between sampling and training.</summary>
    public long PolicyAge { get; init; }
}

/// <summary>A prompt's logged rollouts of one step.</summary>
/// <param name="Group">The rollouts; where the log has no log-probs theirs are empty, and where no tokens were asked for theirs are zeros.</param>
/// <param name="Outcomes">What became of each, aligned to the rollouts.</param>
/// <param name="Estimate">What the allocator took the success rate for; NaN where the log does not say.</param>
public sealed record LoggedGroup(RolloutGroup Group, IReadOnlyList<LoggedOutcome> Outcomes, double Estimate)
{
    /// <summary>Whether every rollout has its verdict.</summary>
    public bool IsGraded => Outcomes.All(o => o.Verdict is not null);
}

/// <summary>A step of a log.</summary>
/// <param name="Step">Its number.</param>
/// <param name="Groups">Its groups, each prompt once, in the order of the log.</param>
/// <param name="Facts">What its rows do not say; null where the log has no such thing.</param>
public sealed record LoggedStep(long Step, IReadOnlyList<LoggedGroup> Groups, StepFacts? Facts);

/// <summary>What is wanted of a log's rollouts; less is read faster.</summary>
[Flags]
public enum LogContents
{
    /// <summary>Prompts by identifier, lengths, advantages and whether each was trained.</summary>
    Outcomes = 0,

    /// <summary>Questions, answers and the texts of the responses, which verifiers read.</summary>
    Texts = 1,

    /// <summary>Token ids, how each came to be, and trees.</summary>
    Tokens = 2,

    /// <summary>The log's own verdicts with their rewards.</summary>
    Verdicts = 4,

    /// <summary>Log-probabilities of the tokens.</summary>
    LogProbs = 8,

    /// <summary>Branches, times, estimates, and how each was decided: reason, weight, age.</summary>
    Record = 16,

    /// <summary>All of it.</summary>
    Everything = Texts | Tokens | Verdicts | LogProbs | Record,
}

/// <summary>Logged rollouts: RolloutLab's own store, or another program's files.</summary>
public interface IRolloutLog
{
    /// <summary>The file or folder, for messages.</summary>
    string Path { get; }

    /// <summary>Numbers of its steps, ascending; null where rollouts do not belong to steps.</summary>
    IReadOnlyList<long>? Steps { get; }

    /// <summary>Prompts of the set that its indices count in.</summary>
    int PromptSetSize { get; }

    /// <summary>Whether every rollout has its token ids, so that nothing needs to be tokenized.</summary>
    bool HasTokens { get; }

    /// <summary>Whether every token has its log-probability under the policy that sampled it.</summary>
    bool HasLogProbs { get; }

    /// <summary>Whether its prompts have the answers that verifiers compare with.</summary>
    bool HasAnswers { get; }

    /// <summary>Its steps in order; one step of number 0 where rollouts do not belong to steps. Read as they are asked for.</summary>
    /// <param name="contents">What is wanted.</param>
    /// <exception cref="RolloutStoreException">A file is damaged: file and row.</exception>
    IEnumerable<LoggedStep> Read(LogContents contents);
}
