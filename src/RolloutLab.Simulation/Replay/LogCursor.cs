using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>The step of a log that a replay is at. Owns the reading of the log.</summary>
public sealed class LogCursor : IDisposable
{
    private readonly IRolloutLog _log;
    private readonly IEnumerator<LoggedStep> _steps;
    private readonly Dictionary<int, LoggedGroup> _groups = [];
    private readonly Dictionary<int, PromptName> _unsampled = [];

    /// <summary>Before the first step.</summary>
    /// <param name="log">The log.</param>
    /// <param name="contents">What is wanted of it.</param>
    public LogCursor(IRolloutLog log, LogContents contents)
    {
        ArgumentNullException.ThrowIfNull(log);
        (_log, _steps) = (log, log.Read(contents).GetEnumerator());
    }

    /// <summary>The step; null before the first.</summary>
    public LoggedStep? Current { get; private set; }

    /// <summary>Version of the policy that sampled the step; 0 where there is no rollout.</summary>
    public long PolicyVersion { get; private set; }

    /// <summary>Goes to the next step; false at the end of the log.</summary>
    public bool MoveNext()
    {
        if (!_steps.MoveNext())
        {
            return false;
        }

        Current = _steps.Current;
        _groups.Clear();
        _unsampled.Clear();
        foreach (var group in Current.Groups)
        {
            _groups.Add(group.Group.Prompt.Index, group);
        }

        foreach (var prompt in Current.Facts?.Unsampled ?? [])
        {
            _unsampled.TryAdd(prompt.Index, prompt);
        }

        PolicyVersion = Current.Groups.Count > 0 ? Current.Groups[0].Group.Rollouts[0].PolicyVersion : PolicyVersion;
        return true;
    }

    /// <summary>Goes on to a step.</summary>
    /// <exception cref="RolloutStoreException">The log does not have it.</exception>
    public void MoveTo(long step)
    {
        while (Current is null || Current.Step < step)
        {
            if (!MoveNext())
            {
                throw Missing(step);
            }
        }

        if (Current.Step != step)
        {
            throw Missing(step);
        }
    }

    /// <summary>The logged rollouts of a prompt in the step; null where it has none.</summary>
    public LoggedGroup? Find(int prompt) => _groups.GetValueOrDefault(prompt);

    /// <summary>Logged rollouts of a prompt in the step.</summary>
    public int Available(int prompt) => Find(prompt)?.Group.Rollouts.Count ?? 0;

    /// <summary>A prompt of the step, with or without rollouts.</summary>
    /// <exception cref="RolloutStoreException">The step did not ask for it.</exception>
    public Prompt PromptAt(int index) => Find(index)?.Group.Prompt
        ?? (_unsampled.TryGetValue(index, out var name) ? new Prompt(index, name.Id, "", [0], "") : null)
        ?? throw new RolloutStoreException(
            $"{_log.Path}: step {Current?.Step} has no prompt {index}, which the recipe asks for: it is not the log of this recipe and seed; "
            + "name another recipe with --recipe to ask what it would have done");

    /// <inheritdoc/>
    public void Dispose() => _steps.Dispose();

    private RolloutStoreException Missing(long step) => new(
        $"{_log.Path}: step {step} is missing; it has {(_log.Steps is { Count: > 0 } steps ? $"steps {steps[0]} to {steps[^1]}" : "no steps")}");
}
