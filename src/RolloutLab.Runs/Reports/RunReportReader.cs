using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Reads what a report shows from a run's folder. The run may still be going on.</summary>
/// <param name="folder">The run's folder.</param>
/// <param name="progress">Told how far it is, in steps of two passes over the rollouts.</param>
/// <param name="checking">Told the megabytes (2^20) of files that are checked before; may be null.</param>
public sealed class RunReportReader(string folder, IProgress<WorkDone> progress, IProgress<WorkDone>? checking = null)
{
    // Of the page; what else it holds is small.
    private const int BytesOfRollouts = 5_000_000;
    private const int BytesOfTrees = 2_500_000;
    private const int MostBytesOfAText = 6_000;

    private readonly List<string> _limits = [];

    /// <summary>Reads.</summary>
    /// <exception cref="RunException">It is not the folder of a run, or a file is damaged.</exception>
    /// <exception cref="RolloutStoreException">A file of the rollout store is damaged.</exception>
    /// <exception cref="DataException">The history of budgets is damaged.</exception>
    public RunReport Read()
    {
        var metrics = ReadMetrics(folder, checking);
        var (survey, prompts) = ReadRollouts(metrics.LastStep);
        return new RunReport
        {
            Folder = Path.GetFullPath(folder),
            Name = NameOf(),
            Recipe = Text("recipe.yaml") ?? "",
            Summary = File.Exists(Inside("summary.json")) ? RunSummary.Read(Inside("summary.json")) : null,
            Environment = Text("environment.json"),
            Metrics = metrics,
            Budgets = File.Exists(Inside("budgets.jsonl")) && metrics.LastStep > 0 ? BudgetHeatMap.Of(Inside("budgets.jsonl")) : null,
            Survey = survey,
            Prompts = prompts,
            Limits = _limits,
        };
    }

    /// <summary>Reads the metrics of a run alone.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="checking">Told the megabytes (2^20) of files that are checked before; may be null.</param>
    /// <exception cref="RunException">It is not the folder of a run, or a file is damaged.</exception>
    public static MetricsHistory ReadMetrics(string folder, IProgress<WorkDone>? checking = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var path = Path.Combine(folder, "metrics.jsonl");
        if (!File.Exists(path))
        {
            throw new RunException($"{Path.GetFullPath(folder)} is not the folder of a run: it has no metrics.jsonl; give a folder that train made");
        }

        RunChecksums.Verify(folder, checking);
        return MetricsHistory.Read(path);
    }

    private (PromptSurvey Survey, IReadOnlyList<ReportedPrompt> Prompts) ReadRollouts(long steps)
    {
        using var archive = Open();
        var survey = new PromptSurvey(Math.Max(1, steps));
        archive.Survey(steps, survey.Add, progress);
        var trees = Inside(RunDirectory.TreesName);
        var keys = (File.Exists(trees) ? TreeLogReader.Keys(trees) : []).ToLookup(k => k.PromptId, k => k.Step);
        var sample = ReportSample.Choose(survey, keys);
        var wanted = sample.SelectMany(s => s.Steps.Select(step => (step, s.Prompt))).ToHashSet();
        var ofTrees = new TextShortener(BytesOfTrees / Math.Max(1, sample.Count), MostBytesOfAText);
        var kept = (File.Exists(trees) ? TreeLogReader.Some(trees, wanted) : []).ToDictionary(t => (t.Step, t.PromptId), t => Shortened(t, ofTrees));
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var rollouts = wanted.ToDictionary(w => w, _ => new List<ReportedRollout>());
        var shortener = new TextShortener(BytesOfRollouts / Math.Max(1, sample.Count), MostBytesOfAText);
        archive.Fetch(
            wanted,
            (step, prompt, text, rollout) =>
            {
                texts[prompt] = text;
                if (shortener.Take(prompt, rollout.Text) is { } shown)
                {
                    rollouts[(step, prompt)].Add(rollout with { Text = shown });
                }
            },
            progress);
        Tell(archive, survey, sample.Count, shortener);
        return (survey, [.. sample.Select(s => new ReportedPrompt(
            s.Prompt,
            texts.GetValueOrDefault(s.Prompt, ""),
            survey[s.Prompt],
            [.. s.Steps.Select(step => new ReportedGroup(step, rollouts[(step, s.Prompt)], kept.GetValueOrDefault((step, s.Prompt))))]))]);
    }

    private void Tell(IRolloutArchive archive, PromptSurvey survey, int shown, TextShortener shortener)
    {
        if (archive.Limits is { } limits)
        {
            _limits.Add(limits);
        }

        if (shown < survey.Prompts.Count)
        {
            _limits.Add(FormattableString.Invariant($"{shown} of {survey.Prompts.Count:#,0} prompts are shown, spread evenly over training."));
        }

        if (survey.Prompts.Any(p => survey[p].Steps.Count > ReportSample.MostGroups))
        {
            _limits.Add($"Of a prompt sampled in more than {ReportSample.MostGroups} steps, {ReportSample.MostGroups} steps are shown.");
        }

        if (shortener.LeftOut > 0 || shortener.Cut > 0)
        {
            _limits.Add(FormattableString.Invariant($"To keep this file small, {shortener.LeftOut:#,0} rollouts of these prompts are left out and {shortener.Cut:#,0} texts cut (at …). All of them: rolloutlab query."));
        }
    }

    /// <summary>A tree too large for its room keeps its shape and loses texts.</summary>
    private static KeptTree Shortened(KeptTree tree, TextShortener shortener) =>
        tree with { Branches = [.. tree.Branches.Select(b => b with { Text = shortener.Take(tree.PromptId, b.Text) ?? "…" })] };

    private IRolloutArchive Open()
    {
        try
        {
            return RolloutStore.FilesOf(Inside("rollouts")).Any() ? new StoreArchive(Inside("rollouts")) : new SampleArchive(Inside("rollouts.jsonl"));
        }
        catch (SetupException)
        {
            return new SampleArchive(Inside("rollouts.jsonl"));
        }
    }

    private string NameOf() => RunIdentity.Read(folder)?.Name ?? Path.GetFileName(Path.GetFullPath(folder));

    private string? Text(string name) => File.Exists(Inside(name)) ? FileFault.Guard("read", Inside(name), () => File.ReadAllText(Inside(name))) : null;

    private string Inside(string name) => Path.Combine(folder, name);
}
