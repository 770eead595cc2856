namespace RolloutLab.Benchmarks;

/// <summary>
/// What a process's resident memory grows over its steps. A process that keeps nothing does not have one level of memory: .NET's
/// collector moves its bounds for as long as it learns how a program allocates, takes some percent more, and gives it back when
/// it pleases. What it keeps for good shows in the least memory of a time, which swings do not lower and a leak
/// always raises. So the least of the first fifth of the measured steps is compared with the least of their last fifth.
/// </summary>
internal static class MemoryGrowth
{
    private const double Window = 0.2;

    /// <summary>The growth over the measured steps, as a share of the memory at their start; negative where it shrank.</summary>
    /// <param name="samples">
    /// Resident memory, in order of time, with how far the run had got (in any unit that grows with its steps, such as the
    /// length of its metrics). What came after the last step, such as drawing pictures of them, has the run's end, and is
    /// not looked at.
    /// </param>
    /// <param name="warmUp">Share of the steps that come before the measured ones, in [0, 1).</param>
    /// <exception cref="ArgumentException">There are no samples.</exception>
    public static double Of(IReadOnlyList<(double Done, double Bytes)> samples, double warmUp)
    {
        var end = samples.Count == 0 ? throw new ArgumentException("There are no samples.", nameof(samples)) : samples[^1].Done;
        var measured = 1 - warmUp;
        var first = Least(warmUp, warmUp + (Window * measured));
        var last = Least(1 - (Window * measured), 1);

        // A steady leak is seen between the beginnings of both times.
        return (last - first) / first / (1 - Window);

        double Least(double from, double to)
        {
            // Of a run so short that nobody looked in between, the first look after has to do.
            var part = samples.Where(s => s.Done >= from * end && s.Done < to * end).DefaultIfEmpty(samples.First(s => s.Done >= from * end));
            return part.Min(s => s.Bytes);
        }
    }
}
