using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;

namespace RolloutLab.Cli;

/// <summary>Replays a log with other budgets, estimators or recomposition, without a model, and says what came of it.</summary>
/// <param name="output">What was asked for goes here.</param>
/// <param name="screen">Progress goes here.</param>
/// <param name="isJson">Whether for machines.</param>
internal sealed class WhatIfOutput(TextWriter output, TextWriter screen, bool isJson)
{
    private const int DisagreementsShown = 20;

    /// <summary>Replays.</summary>
    public int Run(ReplayArguments arguments, Recipe recipe, IRolloutLog log, ReplayParts parts, ReplayProgress progress, long started, CancellationToken stop)
    {
        var section = recipe.Replay ?? new LogReplaySection();
        if (section.Verdicts == LogVerdictsChoice.Verify && !log.HasAnswers)
        {
            throw new DataException($"{log.Path}: has no answers for a verifier to compare with; set replay.verdicts: logged");
        }

        var regrading = section.Verdicts == LogVerdictsChoice.Verify && log is ForeignLog ? Regrading.Of(log, parts.Grader(), stop) : null;
        using var directory = arguments.RunDirectory is { } path ? RunDirectory.CreateAt(path) : RunDirectory.Create(recipe.Run.Folder, arguments.NameOf(recipe) + "-replay", TimeProvider.System);
        directory.WriteRecipe(recipe.ToYaml());
        screen.WriteLine($"{arguments.NameOf(recipe)}: replays {Described(log)}, into {directory.Path}");
        var results = new WhatIfStudy(recipe, log, parts, directory.Path).Run(progress, stop);
        progress.Close();
        if (results is null)
        {
            screen.WriteLine($"interrupted; the replays so far are in {directory.Path}");
            return ExitCodes.Interrupted;
        }

        var report = Json(log, results, regrading, Stopwatch.GetElapsedTime(started).TotalSeconds, directory.Path);
        AtomicFile.WriteText(Path.Combine(directory.Path, "summary.json"), report.ToJsonString(SimulationReport.Readable) + "\n");
        output.WriteLine(isJson ? report.ToJsonString(SimulationReport.Readable) : Text(results, regrading, report));
        return ExitCodes.Ok;
    }

    private static string Described(IRolloutLog log) => string.Create(
        CultureInfo.InvariantCulture,
        $"{log.Path} ({(log is ForeignLog foreign ? foreign.Format : "store")}, {log.PromptSetSize:#,0} prompts, {(log.Steps is { } steps ? $"{steps.Count:#,0} steps" : "without steps")})");

    private static JsonObject Json(IRolloutLog log, IReadOnlyList<BudgetReplay> results, Regrading? regrading, double seconds, string folder)
    {
        var allocators = new JsonObject();
        foreach (var result in results)
        {
            var measures = new JsonObject();
            foreach (var (name, interval) in result.Measures)
            {
                measures[name] = new JsonObject
                {
                    ["mean"] = double.IsFinite(interval.Mean) ? interval.Mean : null, ["ci95"] = interval.Margin, ["seeds"] = interval.Count,
                };
            }

            measures["decisions"] = new JsonObject(result.Decisions.Select(d => KeyValuePair.Create<string, JsonNode?>(d.Key, d.Value)));
            allocators[result.Name] = measures;
        }

        var rollouts = results.Sum(r => r[ReplayMeasures.Rollouts].Mean * r[ReplayMeasures.Rollouts].Count);
        return new JsonObject
        {
            ["run"] = folder,
            ["log"] = log.Path,
            ["prompts"] = log.PromptSetSize,
            ["rollouts"] = rollouts,
            ["seconds"] = seconds,
            ["rollouts_per_second"] = rollouts / seconds,
            ["regrading"] = regrading is null ? null : Json(regrading),
            ["allocators"] = allocators,
        };
    }

    private static JsonObject Json(Regrading regrading) => new()
    {
        ["compared"] = regrading.Compared,
        ["agreed"] = regrading.Agreed,
        ["disagreements"] = new JsonArray([.. regrading.Disagreements.Select(d => (JsonNode)new JsonObject
        {
            ["where"] = d.Where,
            ["prompt_id"] = d.PromptId,
            ["logged"] = RolloutNames.Of(d.Logged.Status),
            ["verified"] = RolloutNames.Of(d.Verified.Status),
            ["detail"] = d.Verified.Detail,
        })]),
    };

    private static string Text(IReadOnlyList<BudgetReplay> results, Regrading? regrading, JsonObject report)
    {
        var lines = new List<string>();
        if (regrading is not null)
        {
            lines.Add($"the verifier agrees with {Figures.Count(regrading.Agreed)} of {Figures.Count(regrading.Compared)} logged grades");
            lines.AddRange(regrading.Disagreements.Take(DisagreementsShown).Select(d =>
                $"  {d.Where}: logged {RolloutNames.Of(d.Logged.Status)}, verified {RolloutNames.Of(d.Verified.Status)}{(d.Verified.Detail is { } detail ? $" ({detail})" : "")}"));
        }

        lines.Add("");
        lines.Add(TextTable.Of(
            ["budget", "planned", "given", "short", "effective, rollouts", "over first", "effective, prompts", "right", "trained", "most"],
            [.. results.Select(r => (string?[])
            [
                r.Name,
                Whole(r, ReplayMeasures.Planned), Whole(r, ReplayMeasures.Rollouts), Whole(r, ReplayMeasures.Shortfall),
                Share(r, ReplayMeasures.EffectiveGradientRatio), Share(r, WhatIfStudy.Relative), Share(r, ReplayMeasures.EffectivePromptRatio),
                Share(r, ReplayMeasures.PassRate), Share(r, ReplayMeasures.Trained), Whole(r, ReplayMeasures.MostRollouts),
            ])],
            40));
        if (results.Any(r => !double.IsNaN(r[ReplayMeasures.OtherDecision].Mean)))
        {
            lines.AddRange(results.Select(r =>
                $"{r.Name}: beside the log, {Figures.Percent(r[ReplayMeasures.OtherDecision].Mean)} of the rollouts are decided otherwise, {Figures.Percent(r[ReplayMeasures.OtherSign].Mean)} have an advantage of another sign"));
            lines.Add("");
        }

        lines.Add(
            $"{Figures.Amount((double)report["rollouts"]!)} rollouts replayed in {Figures.Duration((double)report["seconds"]!)}, {Figures.Amount((double)report["rollouts_per_second"]!)} a second");
        lines.Add($"rows  {Path.Combine((string)report["run"]!, "<budget>", "seed-<seed>", "metrics.jsonl")}");
        return string.Join('\n', lines);
    }

    private static string Whole(BudgetReplay result, string measure) => string.Create(CultureInfo.InvariantCulture, $"{result[measure].Mean:0}");

    private static string Share(BudgetReplay result, string measure)
    {
        var interval = result[measure];
        return interval.Count > 1
            ? string.Create(CultureInfo.InvariantCulture, $"{interval.Mean:0.000} ± {interval.Margin:0.000}")
            : string.Create(CultureInfo.InvariantCulture, $"{interval.Mean:0.000}");
    }
}
