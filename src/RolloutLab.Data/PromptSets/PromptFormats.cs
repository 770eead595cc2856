using System.Globalization;

namespace RolloutLab.Data;

/// <summary>Countdown problems: prompt <c>6 7 4:46=</c>, answer <c>6 7 4:46</c>.</summary>
/// <param name="words">The prompt in words, with <c>{numbers}</c> (as <c>6, 7, 4</c>) and <c>{target}</c>; null for the short form.</param>
/// <param name="chat">Makes the prompt a turn of the user; null for plain text.</param>
public sealed class CountdownPromptFormat(string? words = null, ChatFormat? chat = null) : IPromptFormat
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Columns { get; } = ["id", "numbers", "target"];

    /// <inheritdoc/>
    public bool RendersChats => chat is not null;

    /// <inheritdoc/>
    public PromptFields Read(JsonlRow row)
    {
        var problem = CountdownFile.ParseProblem(row);
        var text = words is null ? problem.PromptText : words
            .Replace("{numbers}", string.Join(", ", problem.Numbers), StringComparison.Ordinal)
            .Replace("{target}", problem.Target.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        return new PromptFields(row.Text("id"), chat?.OfText(row, text) ?? text, problem.AnswerText);
    }
}

/// <summary>
/// Rows with a prompt and an answer in columns of any names. The prompt is text or a list of chat messages; the answer may be a
/// number. A row without an id is named by its line number.
/// </summary>
/// <param name="columns">Names of the columns.</param>
/// <param name="text">Makes the prompt's text from its field.</param>
public sealed class ColumnPromptFormat(PromptColumns columns, PromptText text) : IPromptFormat
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Columns { get; } =
        [.. columns.Answers.Concat(columns.Extra).Append(columns.Id ?? "id").Select(RowFields.ColumnOf).Concat(text.Columns(columns.Prompt)).Distinct()];

    /// <inheritdoc/>
    public bool RendersChats => text.RendersChats;

    /// <inheritdoc/>
    public PromptFields Read(JsonlRow row)
    {
        var answer = columns.Answers.FirstOrDefault(name => row.HasValue(RowFields.ColumnOf(name))) ?? columns.Answers.FirstOrDefault(row.Has) ?? columns.Answers[0];
        var fields = new PromptFields(RowFields.Id(row, columns.Id), text.Of(row, columns.Prompt), RowFields.TextOrNumber(row, answer));
        return fields with
        {
            Missing = fields.Text.Length == 0 ? $"field '{columns.Prompt}' is empty" : fields.Answer.Length == 0 ? $"field '{answer}' is empty" : null,
            Extra = RowFields.Extra(row, columns.Extra),
        };
    }
}

/// <summary>Which columns of a table are prompt, answer and so on. A name may lead into objects: <c>reward_model.ground_truth</c>.</summary>
/// <param name="Prompt">The prompt: text or chat messages.</param>
/// <param name="Answers">The answer: the first of these that a row has.</param>
/// <param name="Id">A unique id; null takes <c>id</c> where there is one.</param>
/// <param name="Extra">Further columns that are kept with a prompt.</param>
public sealed record PromptColumns(string Prompt, IReadOnlyList<string> Answers, string? Id, IReadOnlyList<string> Extra);

/// <summary>
/// GSM8K rows: <c>question</c>, and <c>answer</c> whose last line is <c>#### number</c>; the number is the prompt's answer.
/// </summary>
/// <param name="text">Makes the prompt's text from the question.</param>
public sealed class Gsm8kPromptFormat(PromptText text) : IPromptFormat
{
    private const string Marker = "####";

    /// <inheritdoc/>
    public IReadOnlyList<string> Columns { get; } = ["question", "answer"];

    /// <inheritdoc/>
    public bool RendersChats => text.RendersChats;

    /// <inheritdoc/>
    public PromptFields Read(JsonlRow row)
    {
        var answer = row.Text("answer");
        var marker = answer.LastIndexOf(Marker, StringComparison.Ordinal);
        var fields = new PromptFields(null, text.Of(row, "question"), marker < 0 ? "" : answer[(marker + Marker.Length)..].Trim());
        return fields with
        {
            Missing = fields.Text.Length == 0 ? "field 'question' is empty" : fields.Answer.Length == 0 ? $"field 'answer' has no final answer after '{Marker}'" : null,
        };
    }
}
