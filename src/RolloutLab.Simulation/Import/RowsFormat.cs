using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.Simulation;

/// <summary>
/// Rows with the names of the rollout store's columns, of which only <c>prompt</c> and <c>text</c> (or <c>response</c>, as in
/// <c>rollouts.jsonl</c>) must be there; <c>answer</c>, <c>prompt_id</c>, <c>step</c>, <c>reward</c>, <c>advantage</c>, <c>finish_reason</c>,
/// <c>prompt_token_ids</c>, <c>token_ids</c> and <c>log_probs</c> may be.
/// </summary>
public sealed class RowsFormat : ILogFormat
{
    /// <inheritdoc/>
    public string Name => "rows";

    /// <inheritdoc/>
    public string Columns => "prompt, text or response, and any of the store's columns";

    /// <inheritdoc/>
    public bool Fits(JsonlRow row) => row.Has("prompt") && (row.Has("text") || row.Has("response"));

    /// <inheritdoc/>
    public IEnumerable<ForeignRollout> Read(JsonlRow row)
    {
        var tokens = row.HasValue("token_ids") ? row.Integers("token_ids") : null;
        var logProbs = row.HasValue("log_probs") ? Array.ConvertAll(row.NumberList("log_probs"), p => (float)p) : null;
        if (logProbs is not null && logProbs.Length != tokens?.Length)
        {
            throw row.Error($"field 'log_probs' has {logProbs.Length} numbers, 'token_ids' {tokens?.Length ?? 0}; each token needs one");
        }

        yield return new ForeignRollout
        {
            Step = row.Has("step") ? row.Integer("step") : null,
            PromptId = row.HasValue("prompt_id") ? row.TextOrNumber("prompt_id") : null,
            Prompt = row.Text("prompt"),
            Answer = row.HasValue("answer") ? row.TextOrNumber("answer") : null,
            Text = row.Text(row.Has("text") ? "text" : "response"),
            Reward = row.HasValue("reward") ? row.Number("reward") : null,
            Advantage = row.HasValue("advantage") ? row.Number("advantage") : null,
            PromptTokenIds = row.HasValue("prompt_token_ids") ? row.Integers("prompt_token_ids") : null,
            TokenIds = tokens,
            LogProbs = logProbs,
            FinishReason = row.HasValue("finish_reason") ? Reason(row) : FinishReason.Stop,
        };
    }

    private static FinishReason Reason(JsonlRow row) => row.Text("finish_reason") switch
    {
        "stop" => FinishReason.Stop,
        "length" => FinishReason.Length,
        var other => throw row.Error($"field 'finish_reason' is '{other}'; it must be stop or length"),
    };
}
