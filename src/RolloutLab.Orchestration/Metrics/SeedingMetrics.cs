namespace RolloutLab.Orchestration;

/// <summary>What in-context seeding did and what came of it.</summary>
public static class SeedingMetrics
{
    /// <summary>The rows, in a fixed order; none without seeding.</summary>
    public static IEnumerable<KeyValuePair<string, double>> Of(StepReport report)
    {
        if (report.Planning.Seeding is not { } seeding)
        {
            yield break;
        }

        yield return new("seeding/prompts/seeded", seeding.Seeded);
        yield return new("seeding/prompts/no_neighbour", seeding.NoNeighbour);
        yield return new("seeding/prompts/too_long", seeding.TooLong);
        yield return new("seeding/corpus/size", seeding.Corpus);
        yield return new("seeding/corpus/learned", seeding.Learned);
        yield return new("seeding/corpus/truncated", seeding.Truncated);
        yield return new("seeding/corpus/skipped", seeding.Skipped);
        var seeded = report.Decisions.Where(d => d.Rollout.SampledFrom is not null).ToList();
        yield return new("seeding/rollouts", seeded.Count);
        yield return new("seeding/solved_prompts", seeded.Where(d => d.Verdict.IsCorrect).Select(d => d.Prompt.Index).Distinct().Count());
        if (seeding.Seeded > 0)
        {
            yield return new("seeding/examples/mean", (double)seeding.Examples / seeding.Seeded);
            yield return new("seeding/similarity/mean", seeding.Similarity / seeding.Examples);
        }

        if (seeded.Count > 0)
        {
            yield return new("seeding/pass_rate", seeded.Average(d => d.Verdict.IsCorrect ? 1.0 : 0.0));
            yield return new("seeding/prompt_length/mean", seeded.Average(d => (double)d.Prompt.TokenIds.Length));
        }
    }
}
