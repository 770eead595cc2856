using System.Globalization;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;

namespace RolloutLab.Cli;

/// <summary>Runs an exact replay without the model and says what it found.</summary>
/// <param name="output">Where to.</param>
/// <param name="isJson">Whether for machines.</param>
internal sealed class ExactReplayOutput(TextWriter output, bool isJson)
{
    private const int MostShown = 200;

    /// <summary>Replays.</summary>
    /// <returns>The exit code: 0 when every bit is the same.</returns>
    public int Run(ReplayArguments arguments, Recipe recipe, IRolloutLog log, ReplayParts parts, ReplayProgress progress, CancellationToken stop)
    {
        var metrics = Path.Combine(arguments.Log!, "metrics.jsonl");
        var shown = new List<ReplayedRollout>();
        var wantsRollouts = arguments.Selection.IsOfRollouts;
        var last = ExactReplay.LastStep(recipe, log, arguments.Selection);
        var comparison = new ExactReplay(recipe, log, parts).Run(
            File.Exists(metrics) ? metrics : null,
            arguments.Selection,
            wantsRollouts ? r => Keep(shown, r) : null,
            progress.Steps(last),
            stop);
        progress.Close();
        if (comparison is null)
        {
            throw new OperationCanceledException();
        }

        if (wantsRollouts && comparison.Rollouts == 0)
        {
            throw new DataException($"{arguments.Log}: no such rollout; query it for its steps, prompt_id and rollout");
        }

        output.WriteLine(isJson ? Json(comparison, shown).ToJsonString(SimulationReport.Readable) : Text(comparison, shown, withModel: false));
        return comparison.IsExact ? ExitCodes.Ok : ExitCodes.Failed;
    }

    /// <summary>What was found, as a document.</summary>
    public static JsonObject Json(ReplayComparison comparison, IReadOnlyList<ReplayedRollout> shown) => new()
    {
        ["exact"] = comparison.IsExact,
        ["steps"] = comparison.Steps,
        ["rollouts"] = comparison.Rollouts,
        ["metrics"] = comparison.Metrics,
        ["differences"] = new JsonObject(comparison.Counts.Select(c => KeyValuePair.Create<string, JsonNode?>(c.Key, c.Value))),
        ["first_differences"] = new JsonArray([.. comparison.Differences.Select(d => (JsonNode)new JsonObject
        {
            ["what"] = d.What, ["where"] = d.Where, ["logged"] = d.Logged, ["replayed"] = d.Replayed,
        })]),
        ["shown"] = new JsonArray([.. shown.Select(r => (JsonNode)Json(r))]),
    };

    /// <summary>What was found, for people.</summary>
    public static string Text(ReplayComparison comparison, IReadOnlyList<ReplayedRollout> shown, bool withModel)
    {
        var lines = new List<string>();
        foreach (var r in shown)
        {
            lines.AddRange(Lines(r));
        }

        lines.Add(string.Create(CultureInfo.InvariantCulture, $"{comparison.Steps:#,0} steps, {comparison.Rollouts:#,0} rollouts, {comparison.Metrics:#,0} values of metrics compared"));
        lines.AddRange(comparison.Differences.Select(d => $"  {d.What}  {d.Where}: logged {d.Logged}, replayed {d.Replayed}"));
        var count = comparison.Counts.Values.Sum();
        lines.Add(comparison.IsExact
            ? $"exact: verdicts, budgets, advantages, decisions{(withModel ? ", losses and metrics" : " and their metrics")} are the same to the last bit"
            : $"NOT exact: {string.Join(", ", comparison.Counts.Where(c => c.Value > 0).Select(c => $"{Figures.Count(c.Value)} {c.Key}{(c.Value == 1 ? "" : "s")}"))} differ"
              + (count > comparison.Differences.Count ? $" (the first {comparison.Differences.Count} are above)" : ""));
        return string.Join('\n', lines);
    }

    private static void Keep(List<ReplayedRollout> shown, ReplayedRollout rollout)
    {
        if (shown.Count < MostShown)
        {
            shown.Add(rollout);
        }
    }

    private static IEnumerable<string> Lines(ReplayedRollout r)
    {
        var (logged, decision) = (r.Logged, r.Replayed);
        yield return $"step {r.Step}, prompt {decision.Prompt.Id}, rollout {decision.Rollout.Index}  ({logged.Where})";
        yield return $"  prompt     {Oneline(decision.Prompt.Text)}";
        yield return $"  answer     {Oneline(decision.Prompt.Answer)}";
        yield return $"  response   {Oneline(decision.Rollout.Text)}";
        yield return $"  verdict    {Verdict(logged.Verdict!)}  again {Verdict(decision.Verdict)}";
        yield return string.Create(CultureInfo.InvariantCulture, $"  advantage  {logged.Advantage:R}  again {decision.Advantage:R}");
        yield return $"  decision   {RolloutNames.Of(logged.Fate!.Value)} ({logged.Reason})  again {RolloutNames.Of(decision.Fate)} ({decision.Reason})";
    }

    private static string Verdict(Verdict verdict) => string.Create(
        CultureInfo.InvariantCulture, $"{RolloutNames.Of(verdict.Status)} {verdict.Reward:R}{(verdict.Detail is { } detail ? $" ({detail})" : "")}");

    private static string Oneline(string text) => text.ReplaceLineEndings("⏎");

    private static JsonObject Json(ReplayedRollout r) => new()
    {
        ["step"] = r.Step,
        ["prompt_id"] = r.Replayed.Prompt.Id,
        ["rollout"] = r.Replayed.Rollout.Index,
        ["prompt"] = r.Replayed.Prompt.Text,
        ["answer"] = r.Replayed.Prompt.Answer,
        ["text"] = r.Replayed.Rollout.Text,
        ["logged"] = Json(r.Logged.Verdict!, r.Logged.Advantage!.Value, r.Logged.Fate!.Value, r.Logged.Reason!),
        ["replayed"] = Json(r.Replayed.Verdict, r.Replayed.Advantage, r.Replayed.Fate, r.Replayed.Reason),
    };

    private static JsonObject Json(Verdict verdict, float advantage, RolloutFate fate, string reason) => new()
    {
        ["status"] = RolloutNames.Of(verdict.Status),
        ["reward"] = float.IsFinite(verdict.Reward) ? verdict.Reward : null,
        ["verdict_answer"] = verdict.Answer,
        ["verdict_detail"] = verdict.Detail,
        ["advantage"] = float.IsFinite(advantage) ? advantage : null,
        ["decision"] = RolloutNames.Of(fate),
        ["reason"] = reason,
    };
}
