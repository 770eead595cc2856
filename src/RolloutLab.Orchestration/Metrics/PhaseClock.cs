using System.Diagnostics;

namespace RolloutLab.Orchestration;

/// <summary>The phases wall time is accounted to.</summary>
public enum Phase
{
    /// <summary>Planning budgets.</summary>
    Plan,

    /// <summary>Sampling rollouts.</summary>
    Rollout,

    /// <summary>Grading them.</summary>
    Verify,

    /// <summary>Advantages, recomposition and packing.</summary>
    Advantage,

    /// <summary>Forward, backward and optimizer.</summary>
    Update,

    /// <summary>Evaluation.</summary>
    Eval,
}

/// <summary>Accumulates wall time by phase.</summary>
public sealed class PhaseClock
{
    private readonly double[] _seconds = new double[Enum.GetValues<Phase>().Length];

    /// <summary>Seconds spent in a phase so far.</summary>
    public double this[Phase phase] => _seconds[(int)phase];

    /// <summary>Seconds spent in all phases so far.</summary>
    public double Total => _seconds.Sum();

    /// <summary>Runs a piece of work and adds its time to a phase.</summary>
    public T Time<T>(Phase phase, Func<T> work)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            return work();
        }
        finally
        {
            _seconds[(int)phase] += Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
    }

    /// <summary>Adds another clock's phases to this one.</summary>
    public void Add(PhaseClock other)
    {
        for (var i = 0; i < _seconds.Length; i++)
        {
            _seconds[i] += other._seconds[i];
        }
    }
}
