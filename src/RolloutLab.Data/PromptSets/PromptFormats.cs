namespace RolloutLab.Data;

/// <summary>Countdown problems: prompt <c>6 7 4:46=</c>, answer <c>6 7 4:46</c>.</summary>
public sealed class CountdownPromptFormat : IPromptFormat
{
    /// <inheritdoc/>
    public PromptFields Read(JsonlRow row)
    {
        var problem = CountdownFile.ParseProblem(row);
        return new PromptFields(row.Text("id"), problem.PromptText, problem.AnswerText);
    }
}

/// <summary>
/// Any JSON lines with a prompt and an answer field. The answer may be a number. A line without an id is named by its
/// line number.
/// </summary>
/// <param name="promptField">Name of the field with the prompt.</param>
/// <param name="answerField">Name of the field with the answer.</param>
/// <param name="idField">Name of the field with the prompt's id; null takes <c>id</c> where there is one.</param>
/// <param name="template">Makes the prompt's text from the field.</param>
public sealed class JsonlPromptFormat(string promptField, string answerField, string? idField, TextTemplate template) : IPromptFormat
{
    private const string DefaultIdField = "id";

    /// <inheritdoc/>
    public PromptFields Read(JsonlRow row) => new(
        idField is not null || row.Has(DefaultIdField) ? row.TextOrNumber(idField ?? DefaultIdField) : null,
        template.Apply(row.Text(promptField)),
        row.TextOrNumber(answerField));
}

/// <summary>
/// GSM8K lines: <c>question</c>, and <c>answer</c> whose last line is <c>#### number</c>; the number is the prompt's answer.
/// </summary>
/// <param name="template">Makes the prompt's text from the question.</param>
public sealed class Gsm8kPromptFormat(TextTemplate template) : IPromptFormat
{
    private const string Marker = "####";

    /// <inheritdoc/>
    public PromptFields Read(JsonlRow row)
    {
        var answer = row.Text("answer");
        var marker = answer.LastIndexOf(Marker, StringComparison.Ordinal);
        var final = marker < 0 ? string.Empty : answer[(marker + Marker.Length)..].Trim();
        return final.Length > 0
            ? new PromptFields(null, template.Apply(row.Text("question")), final)
            : throw row.Error("field 'answer' has no final answer after '####'");
    }
}
