using RolloutLab.Data;

namespace RolloutLab.Simulation;

/// <summary>
/// verl: what <c>trainer.rollout_data_dir</c> collects (<c>input</c>, <c>output</c>, <c>gts</c>, <c>score</c>, <c>step</c>, one file a
/// step), and its data set (<c>data_source</c>, <c>prompt</c>, <c>ability</c>, <c>reward_model.ground_truth</c>, <c>extra_info</c>)
/// with the column <c>responses</c> that its generation adds. A chat prompt is the contents of its messages, a line each.
/// </summary>
public sealed class VerlFormat : ILogFormat
{
    /// <inheritdoc/>
    public string Name => "verl";

    /// <inheritdoc/>
    public string Columns => "input, output, gts, score, step; or prompt, reward_model, responses";

    /// <inheritdoc/>
    public bool Fits(JsonlRow row) => (row.Has("input") && row.Has("output")) || row.Has("reward_model");

    /// <inheritdoc/>
    public IEnumerable<ForeignRollout> Read(JsonlRow row) => row.Has("reward_model") ? ReadDataSet(row) : [ReadDump(row)];

    private static ForeignRollout ReadDump(JsonlRow row) => new()
    {
        Step = row.Has("step") ? row.Integer("step") : null,
        Prompt = row.Text("input"),
        Answer = row.HasValue("gts") ? row.TextOrNumber("gts") : null,
        Text = row.Text("output"),
        Reward = row.Number("score"),
    };

    private static IEnumerable<ForeignRollout> ReadDataSet(JsonlRow row)
    {
        if (!row.Has("responses"))
        {
            throw row.Error("a data set of verl without responses; a log has the column 'responses', which verl's generation adds");
        }

        var (prompt, answer) = (ChatText.Of(row, "prompt"), row.Object("reward_model").TextOrNumber("ground_truth"));
        return row.Texts("responses").Select(text => new ForeignRollout { Prompt = prompt, Answer = answer, Text = text });
    }
}
