using System.Text.Json.Serialization;

namespace RolloutLab.Runs;

/// <summary>What kind of run it is.</summary>
public enum RunKind
{
    /// <summary>Reinforcement learning.</summary>
    [JsonStringEnumMemberName("train")]
    Train,

    /// <summary>Supervised fine-tuning.</summary>
    [JsonStringEnumMemberName("sft")]
    Sft,

    /// <summary>Evaluation only.</summary>
    [JsonStringEnumMemberName("eval")]
    Eval,

    /// <summary>Training on logged rollouts.</summary>
    [JsonStringEnumMemberName("replay")]
    Replay,
}

/// <summary>A run that begins.</summary>
/// <param name="Kind">What kind of run.</param>
/// <param name="Name">Name of the recipe or the model.</param>
/// <param name="TotalSteps">Steps it will do; 0 for an evaluation.</param>
/// <param name="RunDirectory">Folder of the run; null when it writes none.</param>
/// <param name="Facts">What a person wants to know first, as label and text (<c>model</c>, <c>data</c>, <c>threads</c>), in order.</param>
public sealed record RunStart(
    RunKind Kind, string Name, long TotalSteps, string? RunDirectory, IReadOnlyList<KeyValuePair<string, string>> Facts);

/// <summary>A step that is done. Training fills reward, pass rate and length; supervised fine-tuning fills the loss.</summary>
public sealed record StepProgress
{
    /// <summary>The step, from 1.</summary>
    public required long Step { get; init; }

    /// <summary>Wall time of the step in seconds, evaluations not counted.</summary>
    public required double Seconds { get; init; }

    /// <summary>Tokens the step generated or trained, whichever the kind of run counts, by <see cref="Seconds"/>.</summary>
    public required double TokensPerSecond { get; init; }

    /// <summary>Mean reward of the step's rollouts.</summary>
    public double? Reward { get; init; }

    /// <summary>Share of right answers among them, in [0, 1].</summary>
    public double? PassRate { get; init; }

    /// <summary>Mean response length in tokens.</summary>
    public double? ResponseLength { get; init; }

    /// <summary>Mean loss per token in nats.</summary>
    public double? Loss { get; init; }
}

/// <summary>An evaluation that is done.</summary>
/// <param name="Step">Steps trained before it; 0 is the starting policy.</param>
/// <param name="Problems">Problems evaluated.</param>
/// <param name="K">Rollouts a problem, the k of the next two; at least 1.</param>
/// <param name="PassAt1">Mean share of right answers, in [0, 1].</param>
/// <param name="PassAtK">Share of problems solved at least once in k tries, in [0, 1].</param>
/// <param name="MajAtK">Share of problems whose majority answer is right, in [0, 1]; null when answers cannot be voted on.</param>
/// <param name="ResponseLength">Mean response length in tokens.</param>
/// <param name="Seconds">Wall time in seconds.</param>
public sealed record EvaluationResult(
    long Step, int Problems, int K, double PassAt1, double PassAtK, double? MajAtK, double ResponseLength, double Seconds);
