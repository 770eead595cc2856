using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>How a run's files spell what rollouts are.</summary>
internal static class RolloutNames
{
    public static string Of(VerdictStatus status) => status switch
    {
        VerdictStatus.Correct => "correct",
        VerdictStatus.Wrong => "wrong",
        VerdictStatus.Malformed => "malformed",
        VerdictStatus.Fault => "fault",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "Not a verdict status."),
    };

    public static string Of(FinishReason reason) => reason == FinishReason.Stop ? "stop" : "length";

    public static string Of(RolloutFate fate) => fate switch
    {
        RolloutFate.Kept => "kept",
        RolloutFate.Dropped => "dropped",
        RolloutFate.Deferred => "deferred",
        RolloutFate.Replayed => "replayed",
        RolloutFate.Added => "added",
        _ => throw new ArgumentOutOfRangeException(nameof(fate), fate, "Not a fate."),
    };
}
