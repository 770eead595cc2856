using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>The rollouts a run kept, to be read twice: once to see what there is, once to fetch what is shown.</summary>
public interface IRolloutArchive : IDisposable
{
    /// <summary>What the archive is, in a sentence for the reader; null when it holds every rollout.</summary>
    string? Limits { get; }

    /// <summary>Looks through all rollouts.</summary>
    /// <param name="through">The last step to read.</param>
    /// <param name="group">Told of each group: step, prompt, correct rollouts, lengths of all.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="RolloutStoreException">A file is damaged.</exception>
    /// <exception cref="RunException">A file cannot be read.</exception>
    void Survey(long through, Action<long, string, int, int[]> group, IProgress<WorkDone> progress);

    /// <summary>Reads some groups.</summary>
    /// <param name="wanted">Step and prompt of each.</param>
    /// <param name="rollout">Told of each rollout: step, prompt, the prompt's text, the rollout.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="RolloutStoreException">A file is damaged.</exception>
    /// <exception cref="RunException">A file cannot be read.</exception>
    void Fetch(IReadOnlySet<(long Step, string Prompt)> wanted, Action<long, string, string, ReportedRollout> rollout, IProgress<WorkDone> progress);
}
