using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>A run's sample of rollouts, <c>rollouts.jsonl</c>, as an archive: for runs without a store.</summary>
/// <param name="path">The file; none is an empty archive.</param>
public sealed class SampleArchive(string path) : IRolloutArchive
{
    /// <inheritdoc/>
    public string? Limits => "The run has no rollout store that can be read here, so lengths and rollouts are those of its sample (rollouts.jsonl), a few of each step.";

    /// <inheritdoc/>
    public void Survey(long through, Action<long, string, int, int[]> group, IProgress<WorkDone> progress)
    {
        ArgumentNullException.ThrowIfNull(group);
        foreach (var step in Rows().Where(r => r.Step <= through).GroupBy(r => (r.Step, r.Prompt)))
        {
            group(step.Key.Step, step.Key.Prompt, step.Count(r => r.Rollout.Status == "correct"), [.. step.Select(r => r.Rollout.Length)]);
        }
    }

    /// <inheritdoc/>
    public void Fetch(IReadOnlySet<(long Step, string Prompt)> wanted, Action<long, string, string, ReportedRollout> rollout, IProgress<WorkDone> progress)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(rollout);
        foreach (var row in Rows().Where(r => wanted.Contains((r.Step, r.Prompt))))
        {
            rollout(row.Step, row.Prompt, row.Text, row.Rollout);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private IEnumerable<(long Step, string Prompt, string Text, ReportedRollout Rollout)> Rows()
    {
        var number = 0;
        foreach (var line in File.Exists(path) ? WholeLines.Read(path) : [])
        {
            number++;
            yield return Parse(line, number);
        }
    }

    private (long, string, string, ReportedRollout) Parse(byte[] line, int number)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var row = document.RootElement;
            return (row.GetProperty("step").GetInt64(), Text(row, "prompt_id"), Text(row, "prompt"), new ReportedRollout(
                row.GetProperty("rollout").GetInt32(),
                Text(row, "status"),
                Number(row, "reward"),
                Number(row, "advantage"),
                row.GetProperty("length").GetInt32(),
                Text(row, "finish_reason"),
                null,
                Text(row, "response")));
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new RunException($"{path}:{number}: not a sampled rollout ({fault.Message}); the file is damaged: remove the line", fault);
        }
    }

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString() ?? "";

    private static double? Number(JsonElement row, string name) => row.GetProperty(name) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : null;
}
