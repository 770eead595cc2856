using System.Diagnostics;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Benchmarks;

/// <summary>
/// The report of a run of 1,000 steps at the quickstart's sizes: made rollouts (512 a step, 63 tokens each), recorded by what
/// records training, with metrics, budgets, trees, samples and checksums beside them. Measured is what the command does, the
/// checking of the checksums included.
/// </summary>
internal static class ReportBench
{
    private const int RolloutsPerStep = 512;
    private const int Tokens = 63;
    private const int CheckpointEvery = 50;

    /// <summary>Seconds and bytes of the report.</summary>
    /// <param name="folder">Folder for the run; made.</param>
    /// <param name="quick">Whether 20 steps will do.</param>
    public static JsonObject Measure(string folder, bool quick)
    {
        var log = new StoreLog(RolloutsPerStep * (quick ? 20L : 1000L), RolloutsPerStep, Tokens);
        Write(folder, log);
        var path = Path.Combine(folder, "report.html");
        var (before, started) = (Environment.CpuUsage.TotalTime, Stopwatch.GetTimestamp());
        AtomicFile.WriteText(path, RunReportPage.Of(new RunReportReader(folder, new Unwatched()).Read()));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new JsonObject
        {
            ["steps"] = log.Rollouts / RolloutsPerStep,
            ["rollouts"] = log.Rollouts,
            ["run_bytes"] = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length),
            ["report_seconds"] = seconds,
            ["report_core_seconds"] = (Environment.CpuUsage.TotalTime - before).TotalSeconds,
            ["report_bytes"] = new FileInfo(path).Length,
        };
    }

    private static void Write(string folder, StoreLog log)
    {
        using var run = RunDirectory.CreateAt(folder);
        var recipe = RecipeLoader.Parse(
            """
            model: { path: model }
            data: { train: { type: countdown, path: train.jsonl } }
            verifier: { type: numeric }
            budget: { type: uniform, prompts_per_step: 32, rollouts_per_prompt: 16 }
            training: { steps: 1000 }
            """,
            "bench.yaml",
            folder,
            []);
        run.WriteIdentity(new RunIdentity { Kind = RunKind.Train, Name = "bench", RecipeHash = "0" });
        run.WriteRecipe(recipe.ToYaml());
        using var metrics = new MetricsLog(run.MetricsPath);
        using var budgets = new BudgetLog(run.BudgetsPath);
        using var samples = new RolloutSampleLog(run.RolloutsPath);
        using var trees = new TreeLog(run.TreesPath);
        using var store = new RolloutStore(run.StorePath, "bench", []);
        using var checksums = new RunChecksums(folder);
        var recorder = new RunRecorder(metrics, store, samples, budgets, recipe.Run.RolloutSamples, trees, recipe.Run.TreeSamples, new SilentObserver())
        {
            // Three metrics of a hundred, at more time than all else.
            MeasuresDifferences = false,
        };
        foreach (var step in log.Steps())
        {
            recorder.StepFinished(Report(step), step.Step % CheckpointEvery == 0 ? Evaluation(step.Step) : null);
            if (step.Step % CheckpointEvery == 0)
            {
                recorder.Flush();
                checksums.Append(step.Step);
            }
        }

        recorder.Flush();
        checksums.Append(log.Rollouts / RolloutsPerStep);
    }

    private static StepReport Report(StoredStep step)
    {
        var verdicts = step.Decisions.GroupBy(d => d.Prompt.Index).ToDictionary(g => g.Key, g => g.Select(d => d.Verdict).ToList());
        var wave = Math.Sin(step.Step / 30.0);
        return new StepReport(
            step.Step,
            [.. step.Groups.Select(g => new GradedGroup(g, verdicts[g.Prompt.Index]))],
            step.Decisions,
            new RolloutStatistics(step.Decisions.Count * Tokens, step.Decisions.Count * Tokens, 0, 100),
            new PlanningReport(1, step.Decisions.Count, step.Estimates),
            new UpdateReport([new("actor/entropy", 1 + wave), new("actor/ppo_kl", 0.01 * (1 + wave)), new("actor/grad_norm", 0.5 + (0.1 * wave)), new("actor/pg_clipfrac", 0.02)], step.Decisions.Count * Tokens, step.Step),
            new PhaseClock())
        {
            Prompts = [.. step.Groups.Select(g => g.Prompt)],
            PromptSetSize = step.Facts.PromptSetSize,
        };
    }

    private static EvaluationReport Evaluation(long step)
    {
        var pass = 0.3 + (0.0002 * step);
        return new EvaluationReport(step, "heldout", 256, 16, new Dictionary<int, double> { [1] = pass, [16] = 0.86 }, pass + 0.2, Tokens, 0.01, 256 * 16 * Tokens, 1);
    }

    private sealed class Unwatched : IProgress<WorkDone>
    {
        public void Report(WorkDone value)
        {
        }
    }
}
