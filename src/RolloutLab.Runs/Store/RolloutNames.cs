using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>How a run's files spell what rollouts are.</summary>
public static class RolloutNames
{
    /// <summary>The name of a verdict's status.</summary>
    public static string Of(VerdictStatus status) => status switch
    {
        VerdictStatus.Correct => "correct",
        VerdictStatus.Wrong => "wrong",
        VerdictStatus.Malformed => "malformed",
        VerdictStatus.Fault => "fault",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "Not a verdict status."),
    };

    /// <summary>The name of a reason to finish.</summary>
    public static string Of(FinishReason reason) => reason == FinishReason.Stop ? "stop" : "length";

    /// <summary>The name of a decision.</summary>
    public static string Of(RolloutFate fate) => fate switch
    {
        RolloutFate.Kept => "kept",
        RolloutFate.Dropped => "dropped",
        RolloutFate.Deferred => "deferred",
        RolloutFate.Replayed => "replayed",
        RolloutFate.Added => "added",
        _ => throw new ArgumentOutOfRangeException(nameof(fate), fate, "Not a fate."),
    };

    /// <summary>The verdict's status of that name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static VerdictStatus ToStatus(string name) => name switch
    {
        "correct" => VerdictStatus.Correct,
        "wrong" => VerdictStatus.Wrong,
        "malformed" => VerdictStatus.Malformed,
        "fault" => VerdictStatus.Fault,
        _ => throw new ArgumentException($"'{name}' is not a status of a verdict", nameof(name)),
    };

    /// <summary>The reason to finish of that name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static FinishReason ToFinishReason(string name) => name switch
    {
        "stop" => FinishReason.Stop,
        "length" => FinishReason.Length,
        _ => throw new ArgumentException($"'{name}' is not a reason to finish", nameof(name)),
    };

    /// <summary>The decision of that name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static RolloutFate ToFate(string name) => name switch
    {
        "kept" => RolloutFate.Kept,
        "dropped" => RolloutFate.Dropped,
        "deferred" => RolloutFate.Deferred,
        "replayed" => RolloutFate.Replayed,
        _ => throw new ArgumentException($"'{name}' is not a decision", nameof(name)),
    };
}
