using System.Globalization;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>Runs the variants of a sweep, seed after seed, and keeps its table up to date. Finished runs are not run again.</summary>
/// <param name="file">The sweep.</param>
/// <param name="folder">The sweep's folder: each run is in <c>VARIANT-seed-N/</c>.</param>
/// <param name="runs">Trains.</param>
/// <param name="tell">Told of the progress, a line at a time.</param>
internal sealed class Sweep(SweepFile file, string folder, IRunCommands runs, Action<string> tell)
{
    private sealed record Job(SweepVariant Variant, int Seed, string Folder, string[] Overrides, Recipe Recipe)
    {
        public string Hash => Recipe.Hash;
    }

    /// <summary>Runs what is not done.</summary>
    /// <param name="context">Who watches each run, and what stops the sweep after the step it is in.</param>
    /// <param name="clock">For the estimate of the time left.</param>
    /// <returns>The table, and whether all runs are done.</returns>
    public (RunComparison Table, bool IsComplete) Execute(Func<RunContext> context, TimeProvider clock)
    {
        // Every recipe is checked before the first run: the last variant's mistake should not show after a night.
        var jobs = file.Seeds.SelectMany(seed => file.Variants.Select(v => Plan(v, seed))).ToList();
        var done = jobs.Select(j => SweepRunReader.Read(j.Folder, j.Variant.Name, j.Hash)).OfType<RunMeasures>().ToList();
        if (done.Count > 0)
        {
            tell($"{done.Count} of {jobs.Count} runs are done already");
        }

        var (started, ran) = (clock.GetTimestamp(), 0);
        foreach (var job in jobs.Where(j => !done.Exists(r => r.Group == j.Variant.Name && r.Seed == j.Seed)).ToList())
        {
            tell($"run {done.Count + 1}/{jobs.Count}: {job.Variant.Name}, seed {job.Seed}{Left(clock.GetElapsedTime(started), ran, jobs.Count - done.Count)}");
            if (!Run(job, context()))
            {
                return (Save(done), false);
            }

            ran++;
            done.Add(SweepRunReader.Read(job.Folder, job.Variant.Name, job.Hash) ?? throw new RunException($"{job.Folder}: the run ended without a summary"));
            Save(done);
        }

        return (Save(done), true);
    }

    private Job Plan(SweepVariant variant, int seed)
    {
        string[] overrides = [.. variant.Overrides, string.Create(CultureInfo.InvariantCulture, $"seed={seed}")];
        var recipe = RecipeLoader.Load(variant.RecipePath, overrides);
        return new Job(variant, seed, Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{variant.Name}-seed-{seed}")), overrides, recipe);
    }

    private bool Run(Job job, RunContext context)
    {
        if (CanGoOn(job))
        {
            return runs.Resume(job.Folder, context) == RunEnding.Finished;
        }

        if (Directory.Exists(job.Folder))
        {
            Directory.Delete(job.Folder, recursive: true);
        }

        return runs.Train(new RunArguments(job.Variant.RecipePath, job.Overrides, job.Folder), context) == RunEnding.Finished;
    }

    /// <summary>Whether an interrupted run has a checkpoint to go on from.</summary>
    private static bool CanGoOn(Job job)
    {
        var (recipe, checkpoints) = (Path.Combine(job.Folder, "recipe.yaml"), Path.Combine(job.Folder, "checkpoints"));
        if (!File.Exists(recipe) || !Directory.Exists(checkpoints) || !Directory.EnumerateDirectories(checkpoints).Any())
        {
            return false;
        }

        return RecipeLoader.Load(recipe, []).Equals(job.Recipe)
            ? true
            : throw new RunException($"{job.Folder} holds a run of another recipe; delete it, or give --run-dir another folder");
    }

    private RunComparison Save(List<RunMeasures> done)
    {
        var table = RunComparison.Of([.. file.Variants.Select(v => v.Name)], done, file.Target);
        AtomicFile.WriteText(Path.Combine(folder, "sweep.json"), RunComparisonJson.Of(table, "variants", folder) + "\n");
        AtomicFile.WriteText(Path.Combine(folder, "sweep.txt"), table.ToText() + "\n");
        AtomicFile.WriteText(Path.Combine(folder, "sweep.svg"), SweepChart.Draw(Path.GetFileName(folder), table));
        return table;
    }

    private static string Left(TimeSpan elapsed, int ran, int left) =>
        ran == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", ETA {elapsed / ran * left:h\\:mm\\:ss}");
}
