using System.Globalization;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>
/// Another program's log, read whole. Rollouts of the same step and prompt are a group; a prompt is known by its id or by its
/// text and answer. Where a log has no token ids, a rollout's length is counted in characters.
/// </summary>
public sealed class ForeignLog : IRolloutLog
{
    /// <summary>Every format, in the order in which a log is tried.</summary>
    public static IReadOnlyList<ILogFormat> Formats { get; } = [new Gsm8kFormat(), new VerlFormat(), new TrlFormat(), new RowsFormat()];

    private readonly List<LoggedStep> _steps;

    private ForeignLog(string path, string format, ForeignLogBuilder built)
    {
        (Path, Format, _steps, PromptSetSize) = (path, format, built.Steps(), built.PromptCount);
        (HasTokens, HasLogProbs, HasAnswers) = (built.HasTokens, built.HasTokens && built.HasLogProbs, built.HasAnswers);
        Steps = built.HasSteps ? [.. _steps.Select(s => s.Step)] : null;
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <summary>Name of the format.</summary>
    public string Format { get; }

    /// <inheritdoc/>
    public IReadOnlyList<long>? Steps { get; }

    /// <inheritdoc/>
    public int PromptSetSize { get; }

    /// <inheritdoc/>
    public bool HasTokens { get; }

    /// <inheritdoc/>
    public bool HasLogProbs { get; }

    /// <inheritdoc/>
    public bool HasAnswers { get; }

    /// <summary>Reads a log.</summary>
    /// <param name="path">A file, or a folder of files.</param>
    /// <param name="section">Format, and what counts as right.</param>
    /// <param name="progress">Told now and then how much is read; may be null.</param>
    /// <param name="stop">Ends the reading with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="DataException">It cannot be read; the message names file, row and column.</exception>
    public static ForeignLog Open(string path, LogReplaySection section, IProgress<ReadProgress>? progress, CancellationToken stop)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(section);
        var builder = new ForeignLogBuilder(section.RightAbove);
        ILogFormat? format = null;
        foreach (var row in LogRows.Read(path, progress))
        {
            stop.ThrowIfCancellationRequested();
            format ??= FormatOf(section.Format, row);
            foreach (var rollout in format.Read(row))
            {
                builder.Add(rollout, row);
            }
        }

        return format is null
            ? throw new DataException($"{path}: has no rows; a log has one for each rollout")
            : new ForeignLog(path, format.Name, builder);
    }

    /// <inheritdoc/>
    public IEnumerable<LoggedStep> Read(LogContents contents) => _steps;

    private static ILogFormat FormatOf(LogFormatChoice choice, JsonlRow row)
    {
        var name = choice.ToString().ToLowerInvariant();
        return choice == LogFormatChoice.Auto
            ? Formats.FirstOrDefault(f => f.Fits(row)) ?? throw row.Error(
                $"no log that is known: {row.Fields()}; known are {string.Join("; ", Formats.Select(f => $"{f.Name} ({f.Columns})"))}")
            : Formats.FirstOrDefault(f => f.Name == name) ?? throw row.Error($"replay.format is {name}, which is a folder of Parquet files");
    }
}

/// <summary>Puts a foreign log's rollouts together to groups and steps.</summary>
/// <param name="rightAbove">Reward above which a rollout counts as right.</param>
internal sealed class ForeignLogBuilder(double rightAbove)
{
    private readonly Dictionary<(string Text, string? Answer, string? Id), Prompt> _prompts = [];
    private readonly SortedDictionary<long, Dictionary<int, Members>> _steps = [];
    private readonly Dictionary<int, int[]> _zeros = [];

    public bool HasSteps { get; private set; } = true;

    public bool HasTokens { get; private set; } = true;

    public bool HasLogProbs { get; private set; } = true;

    public bool HasAnswers { get; private set; } = true;

    public int PromptCount => _prompts.Count;

    public void Add(ForeignRollout rollout, JsonlRow row)
    {
        HasSteps &= rollout.Step is not null;
        HasTokens &= rollout.TokenIds is not null && rollout.PromptTokenIds is { Length: > 0 };
        HasLogProbs &= rollout.LogProbs is not null;
        HasAnswers &= rollout.Answer is not null;
        var prompt = PromptOf(rollout);
        var step = rollout.Step ?? 0;
        if (!_steps.TryGetValue(step, out var groups))
        {
            _steps[step] = groups = [];
        }

        if (!groups.TryGetValue(prompt.Index, out var members))
        {
            groups[prompt.Index] = members = new Members(prompt, [], []);
        }

        members.Rollouts.Add(new Rollout
        {
            Index = members.Rollouts.Count,
            TokenIds = rollout.TokenIds ?? Zeros(rollout.Text.Length),
            LogProbs = rollout.LogProbs ?? [],
            Text = rollout.Text,
            FinishReason = rollout.FinishReason,
            PolicyVersion = 0,
        });
        members.Outcomes.Add(new LoggedOutcome
        {
            File = row.Path, Row = row.Line, Verdict = Verdict(rollout), Advantage = (float?)rollout.Advantage,
        });
    }

    public List<LoggedStep> Steps() => [.. _steps.Select(s => new LoggedStep(
        s.Key, [.. s.Value.Values.Select(m => new LoggedGroup(new RolloutGroup(m.Prompt, m.Rollouts), m.Outcomes, double.NaN))], Facts: null))];

    private Prompt PromptOf(ForeignRollout rollout)
    {
        var key = (rollout.PromptId is null ? rollout.Prompt : "", rollout.PromptId is null ? rollout.Answer : null, rollout.PromptId);
        if (!_prompts.TryGetValue(key, out var prompt))
        {
            var id = rollout.PromptId ?? string.Create(CultureInfo.InvariantCulture, $"p{_prompts.Count:D8}");
            _prompts[key] = prompt = new Prompt(_prompts.Count, id, rollout.Prompt, rollout.PromptTokenIds is { Length: > 0 } ids ? ids : [0], rollout.Answer ?? "");
        }

        return prompt;
    }

    private Verdict? Verdict(ForeignRollout rollout) => rollout.Reward is not { } reward ? null
        : reward > rightAbove ? new Verdict(VerdictStatus.Correct, (float)reward, null, null)
        : new Verdict(VerdictStatus.Wrong, (float)reward, null, "the log's reward is not above replay.right_above");

    /// <summary>Tokens that nobody looks at, of the right number; shared between rollouts of a length.</summary>
    private int[] Zeros(int length)
    {
        if (!_zeros.TryGetValue(length, out var zeros))
        {
            _zeros[length] = zeros = new int[length];
        }

        return zeros;
    }

    private sealed record Members(Prompt Prompt, List<Rollout> Rollouts, List<LoggedOutcome> Outcomes);
}
