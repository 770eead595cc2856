using RolloutLab.Data;

namespace RolloutLab.Simulation;

/// <summary>
/// TRL's <c>log_completions</c>: <c>prompt</c>, <c>completion</c>, <c>step</c>, <c>advantage</c> and a column of rewards for each reward
/// function. The reward is the column <c>reward</c> where there is one, else the sum of the functions' (TRL's default weights); a
/// function that gave none is left out.
/// </summary>
public sealed class TrlFormat : ILogFormat
{
    private static readonly string[] NoRewards = ["step", "advantage", "reward", "prompt_id", "global_step", "epoch"];
    private static readonly string[] Answers = ["answer", "solution", "ground_truth"];

    /// <inheritdoc/>
    public string Name => "trl";

    /// <inheritdoc/>
    public string Columns => "prompt, completion, step, advantage, and rewards by function";

    /// <inheritdoc/>
    public bool Fits(JsonlRow row) => row.Has("completion");

    /// <inheritdoc/>
    public IEnumerable<ForeignRollout> Read(JsonlRow row)
    {
        var answer = Answers.FirstOrDefault(row.HasValue);
        yield return new ForeignRollout
        {
            Step = row.Has("step") ? row.Integer("step") : null,
            Prompt = ChatText.Of(row, "prompt"),
            Answer = answer is null ? null : row.TextOrNumber(answer),
            Text = ChatText.Of(row, "completion"),
            Reward = Reward(row),
            Advantage = row.HasValue("advantage") ? row.Number("advantage") : null,
        };
    }

    private static double? Reward(JsonlRow row)
    {
        if (row.HasValue("reward"))
        {
            return row.Number("reward");
        }

        var rewards = row.Numbers().Where(n => !NoRewards.Contains(n.Key)).Select(n => n.Value).ToList();
        return rewards.Count > 0 ? rewards.Sum() : null;
    }
}
