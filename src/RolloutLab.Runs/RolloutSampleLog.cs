using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// A sample of rollouts to look at: one JSON object a line with <c>step, prompt_id, prompt, rollout, response, reward,
/// status, detail, advantage, length, finish_reason, policy_version</c>. A reward or advantage that is not a finite
/// number (a verifier's fault has none) is null. Where the recipe keeps further fields of a prompt, <c>extra</c> has them.
/// </summary>
public sealed class RolloutSampleLog : IDisposable
{
    private readonly JsonLinesFile _file;

    /// <summary>Opens the log for appending, creating the file when it is not there.</summary>
    /// <param name="path">The file, <c>rollouts.jsonl</c> in a run directory.</param>
    /// <exception cref="RunException">The file cannot be opened.</exception>
    public RolloutSampleLog(string path) => _file = new JsonLinesFile(path);

    /// <summary>Writes one rollout.</summary>
    /// <param name="step">The step it belongs to.</param>
    /// <param name="decision">The rollout with its prompt, verdict and advantage.</param>
    /// <exception cref="RunException">The file system refused; the file ends with the row before.</exception>
    public void Append(long step, RolloutDecision decision)
    {
        ArgumentNullException.ThrowIfNull(decision);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        _file.Append(row => WriteRow(row, step, decision));
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static void WriteRow(Utf8JsonWriter row, long step, RolloutDecision decision)
    {
        var (prompt, rollout, verdict) = (decision.Prompt, decision.Rollout, decision.Verdict);
        row.WriteNumber("step", step);
        row.WriteString("prompt_id", prompt.Id);
        row.WriteString("prompt", prompt.Text);
        if (prompt.Extra is not null)
        {
            row.WritePropertyName("extra");
            row.WriteRawValue(prompt.Extra);
        }

        row.WriteNumber("rollout", rollout.Index);
        row.WriteString("response", rollout.Text);
        WriteFinite(row, "reward", verdict.Reward);
        row.WriteString("status", RolloutNames.Of(verdict.Status));
        row.WriteString("detail", verdict.Detail);
        WriteFinite(row, "advantage", decision.Advantage);
        row.WriteNumber("length", rollout.Length);
        row.WriteString("finish_reason", RolloutNames.Of(rollout.FinishReason));
        row.WriteNumber("policy_version", rollout.PolicyVersion);
    }

    private static void WriteFinite(Utf8JsonWriter row, string name, float value)
    {
        if (float.IsFinite(value))
        {
            row.WriteNumber(name, value);
        }
        else
        {
            row.WriteNull(name);
        }
    }
}
