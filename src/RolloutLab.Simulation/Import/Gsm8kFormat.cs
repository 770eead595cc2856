using RolloutLab.Data;

namespace RolloutLab.Simulation;

/// <summary>
/// GSM8K's own files (arXiv 2110.14168): <c>example_model_solutions.jsonl</c> has a <c>question</c>, its <c>ground_truth</c> and an object
/// of each model with <c>solution</c> and <c>is_correct</c>, which are the question's rollouts; <c>train.jsonl</c> and <c>test.jsonl</c>
/// have <c>question</c> and <c>answer</c>, whose worked solution is its one rollout.
/// </summary>
public sealed class Gsm8kFormat : ILogFormat
{
    private const string Correct = "is_correct";

    /// <inheritdoc/>
    public string Name => "gsm8k";

    /// <inheritdoc/>
    public string Columns => "question, ground_truth and models with solution and is_correct; or question, answer";

    /// <inheritdoc/>
    public bool Fits(JsonlRow row) => row.Has("question") && (row.Has("ground_truth") || row.Has("answer"));

    /// <inheritdoc/>
    public IEnumerable<ForeignRollout> Read(JsonlRow row)
    {
        var question = row.Text("question");
        if (!row.Has("ground_truth"))
        {
            var worked = row.Text("answer");
            return [new ForeignRollout { Prompt = question, Answer = worked, Text = worked, Reward = 1 }];
        }

        var truth = row.Text("ground_truth");
        var models = row.ObjectsWith(Correct);
        return models.Count > 0
            ? models.Select(model => new ForeignRollout
            {
                Prompt = question, Answer = truth, Text = model.Text("solution"), Reward = model.Flag(Correct) ? 1 : 0,
            })
            : throw row.Error($"no model's solution: an object with 'solution' and '{Correct}' is missing");
    }
}
