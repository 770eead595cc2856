using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>What a display remembers of a run, and how long the rest will take.</summary>
internal sealed class RunTracker(TimeProvider clock)
{
    private readonly List<double> _rewards = [];
    private readonly List<double> _passRates = [];
    private readonly List<double> _losses = [];
    private readonly long _created = clock.GetTimestamp();

    private long _stepsSeen;
    private double _secondsAtFirstStep;
    private double _secondsAtLastStep;
    private double _secondsAtPhaseStart;

    /// <summary>The run; null until it started.</summary>
    public RunStart? Start { get; private set; }

    /// <summary>The newest step; null before the first.</summary>
    public StepProgress? Step { get; private set; }

    /// <summary>The work inside the step or evaluation at hand; null right after one is done.</summary>
    public (string Name, long Done, long Total)? Phase { get; private set; }

    /// <summary>Mean reward of every step that had one.</summary>
    public IReadOnlyList<double> Rewards => _rewards;

    /// <summary>Pass rate of every step that had one.</summary>
    public IReadOnlyList<double> PassRates => _passRates;

    /// <summary>Loss of every step that had one.</summary>
    public IReadOnlyList<double> Losses => _losses;

    /// <summary>Seconds since the display was made.</summary>
    public double Elapsed => clock.GetElapsedTime(_created).TotalSeconds;

    /// <summary>Steps done, of the run's total.</summary>
    public (long Done, long Total) Steps => (Step?.Step ?? 0, Start?.TotalSteps ?? 0);

    /// <summary>Seconds the rest will take if it goes on like this, evaluations included; null when nothing tells.</summary>
    public double? SecondsLeft => Steps.Done < Steps.Total ? StepSecondsLeft() : PhaseSecondsLeft();

    /// <summary>The run started.</summary>
    public void Started(RunStart start) => Start = start;

    /// <summary>Work inside a step moved on.</summary>
    public void Moved(string phase, long done, long total)
    {
        if (Phase is not { } before || before.Name != phase || before.Done > done)
        {
            _secondsAtPhaseStart = Elapsed;
        }

        Phase = (phase, done, total);
    }

    /// <summary>A step is done.</summary>
    public void Stepped(StepProgress step)
    {
        _secondsAtLastStep = Elapsed;
        if (_stepsSeen++ == 0)
        {
            _secondsAtFirstStep = _secondsAtLastStep - step.Seconds;
        }

        Step = step;
        Phase = null;
        Remember(_rewards, step.Reward);
        Remember(_passRates, step.PassRate);
        Remember(_losses, step.Loss);
    }

    /// <summary>An evaluation is done.</summary>
    public void Evaluated() => Phase = null;

    private static void Remember(List<double> history, double? value)
    {
        if (value is { } known)
        {
            history.Add(known);
        }
    }

    private double? StepSecondsLeft() => _stepsSeen == 0
        ? null
        : (_secondsAtLastStep - _secondsAtFirstStep) / _stepsSeen * (Steps.Total - Steps.Done);

    private double? PhaseSecondsLeft() => Phase is { Done: > 0 } phase
        ? (Elapsed - _secondsAtPhaseStart) / phase.Done * Math.Max(0, phase.Total - phase.Done)
        : null;
}
