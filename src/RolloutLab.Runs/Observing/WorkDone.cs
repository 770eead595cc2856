namespace RolloutLab.Runs;

/// <summary>How far a piece of long work is.</summary>
/// <param name="Done">Items done, from 0.</param>
/// <param name="Total">Items in all.</param>
public readonly record struct WorkDone(long Done, long Total);
