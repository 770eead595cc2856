using System.Collections.Frozen;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>How a run's files spell what rollouts are.</summary>
public static class RolloutNames
{
    private static readonly FrozenDictionary<string, VerdictStatus> Statuses = Enum.GetValues<VerdictStatus>().ToFrozenDictionary(Of);
    private static readonly FrozenDictionary<string, FinishReason> FinishReasons = Enum.GetValues<FinishReason>().ToFrozenDictionary(Of);
    private static readonly FrozenDictionary<string, RolloutFate> Fates = Enum.GetValues<RolloutFate>().ToFrozenDictionary(Of);

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
    public static string Of(FinishReason reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "Not a reason to finish."),
    };

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
    public static VerdictStatus ToStatus(string name) => Statuses.TryGetValue(name, out var status) ? status
        : throw new ArgumentException($"'{name}' is not a status of a verdict", nameof(name));

    /// <summary>The reason to finish of that name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static FinishReason ToFinishReason(string name) => FinishReasons.TryGetValue(name, out var reason) ? reason
        : throw new ArgumentException($"'{name}' is not a reason to finish", nameof(name));

    /// <summary>The decision of that name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static RolloutFate ToFate(string name) => Fates.TryGetValue(name, out var fate) ? fate
        : throw new ArgumentException($"'{name}' is not a decision", nameof(name));
}
