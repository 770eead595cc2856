namespace RolloutLab.Orchestration;

/// <summary>What in-context seeding did in a step.</summary>
public sealed record SeedingReport
{
    /// <summary>Prompts asked again with examples, counted once a round.</summary>
    public int Seeded { get; init; }

    /// <summary>Unsolved prompts that stayed as they were because no example was near enough, counted once a round.</summary>
    public int NoNeighbour { get; init; }

    /// <summary>Unsolved prompts that stayed as they were because no example fitted, counted once a round.</summary>
    public int TooLong { get; init; }

    /// <summary>Examples shown, over all seeded prompts.</summary>
    public int Examples { get; init; }

    /// <summary>Sum of their similarities.</summary>
    public double Similarity { get; init; }

    /// <summary>Solutions put into the corpus.</summary>
    public int Learned { get; init; }

    /// <summary>Solutions that were cut to the longest that is shown.</summary>
    public int Truncated { get; init; }

    /// <summary>Solutions that were not remembered: too long, or nothing of them is shown.</summary>
    public int Skipped { get; init; }

    /// <summary>Examples in the corpus afterwards.</summary>
    public int Corpus { get; init; }

    /// <summary>This report and one that followed it.</summary>
    public static SeedingReport operator +(SeedingReport earlier, SeedingReport later) => new()
    {
        Seeded = earlier.Seeded + later.Seeded,
        NoNeighbour = earlier.NoNeighbour + later.NoNeighbour,
        TooLong = earlier.TooLong + later.TooLong,
        Examples = earlier.Examples + later.Examples,
        Similarity = earlier.Similarity + later.Similarity,
        Learned = earlier.Learned + later.Learned,
        Truncated = earlier.Truncated + later.Truncated,
        Skipped = earlier.Skipped + later.Skipped,
        Corpus = later.Corpus,
    };

    /// <summary>This report and one that followed it.</summary>
    public static SeedingReport Add(SeedingReport earlier, SeedingReport later) => earlier + later;
}
