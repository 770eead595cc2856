using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>The rows of a stored step while they are read.</summary>
/// <param name="path">The file.</param>
/// <param name="facts">Its metadata.</param>
internal sealed class StepRows(string path, StepFacts facts)
{
    private readonly List<LoggedGroup> _groups = [];
    private readonly List<Rollout> _rollouts = [];
    private readonly List<LoggedOutcome> _outcomes = [];
    private Prompt? _prompt;
    private double _estimate;
    private RolloutTree _tree = RolloutTree.Empty;
    private long _step;

    /// <summary>The file.</summary>
    public string Path => path;

    /// <summary>The prompt of the row before; null before the first.</summary>
    public Prompt? Prompt => _prompt;

    /// <summary>Rows so far: the position in the file of the row that is read next, from 0.</summary>
    public long Row { get; private set; }

    /// <summary>Begins a group.</summary>
    public void Begin(long step, Prompt prompt, double estimate, RolloutTree tree)
    {
        End();
        (_step, _prompt, _estimate, _tree) = (step, prompt, estimate, tree);
    }

    /// <summary>Adds a rollout to the group.</summary>
    public void Add(Rollout rollout, LoggedOutcome outcome)
    {
        _rollouts.Add(rollout);
        _outcomes.Add(outcome);
        Row++;
    }

    /// <summary>What was read.</summary>
    public LoggedStep ToStep()
    {
        End();
        return new LoggedStep(_prompt is null ? RolloutStore.StepOf(path) ?? 0 : _step, _groups, facts);
    }

    private void End()
    {
        if (_rollouts.Count > 0)
        {
            _groups.Add(new LoggedGroup(new RolloutGroup(_prompt!, [.. _rollouts]) { Tree = _tree }, [.. _outcomes], _estimate));
            _rollouts.Clear();
            _outcomes.Clear();
        }
    }
}
