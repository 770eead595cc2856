namespace RolloutLab.Simulation;

/// <summary>Something that a replay computed otherwise than the log has it.</summary>
/// <param name="What"><c>verdict</c>, <c>advantage</c>, <c>decision</c>, <c>estimate</c> or <c>metric</c>.</param>
/// <param name="Where">Step, and prompt and rollout or the metric's name.</param>
/// <param name="Logged">What the log has.</param>
/// <param name="Replayed">What the replay computed.</param>
public sealed record ReplayDifference(string What, string Where, string Logged, string Replayed);

/// <summary>What a replay compared with the log.</summary>
public sealed class ReplayComparison
{
    /// <summary>Differences that are kept; all are counted.</summary>
    public const int MostKept = 20;

    private readonly List<ReplayDifference> _differences = [];

    /// <summary>Steps compared.</summary>
    public long Steps { get; internal set; }

    /// <summary>Rollouts compared: verdict, advantage and decision of each.</summary>
    public long Rollouts { get; internal set; }

    /// <summary>Values of metrics compared.</summary>
    public long Metrics { get; internal set; }

    /// <summary>Differences found, of each kind.</summary>
    public SortedDictionary<string, long> Counts { get; } = new(StringComparer.Ordinal)
    {
        ["verdict"] = 0, ["advantage"] = 0, ["decision"] = 0, ["estimate"] = 0, ["metric"] = 0,
    };

    /// <summary>The first differences.</summary>
    public IReadOnlyList<ReplayDifference> Differences => _differences;

    /// <summary>Whether everything compared is the same to the last bit.</summary>
    public bool IsExact => Counts.Values.All(n => n == 0);

    internal void Add(ReplayDifference difference)
    {
        Counts[difference.What]++;
        if (_differences.Count < MostKept)
        {
            _differences.Add(difference);
        }
    }
}

/// <summary>Which part of a log is compared and shown; null for all of it.</summary>
/// <param name="Step">The step.</param>
/// <param name="Prompt">Identifier of the prompt.</param>
/// <param name="Rollout">Index of the rollout in its group.</param>
public sealed record ReplaySelection(long? Step, string? Prompt, int? Rollout)
{
    /// <summary>Everything.</summary>
    public static ReplaySelection All { get; } = new(null, null, null);

    /// <summary>Whether single rollouts are asked for.</summary>
    public bool IsOfRollouts => Prompt is not null || Rollout is not null;

    internal bool Includes(long step) => Step is null || Step == step;

    internal bool Includes(string prompt, int rollout) => (Prompt is null || Prompt == prompt) && (Rollout is null || Rollout == rollout);
}

/// <summary>A rollout as the log has it and as the replay computed it.</summary>
/// <param name="Step">The step.</param>
/// <param name="Logged">What the log says.</param>
/// <param name="Replayed">What the replay decided.</param>
public sealed record ReplayedRollout(long Step, Runs.LoggedOutcome Logged, Core.RolloutDecision Replayed);
