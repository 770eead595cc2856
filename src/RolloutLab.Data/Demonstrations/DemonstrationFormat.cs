namespace RolloutLab.Data;

/// <summary>How lines of a JSON-lines file become demonstrations.</summary>
/// <param name="PromptField">Name of the field with the prompt.</param>
/// <param name="ResponseField">Name of the field with the response.</param>
/// <param name="PromptTemplate">Makes the prompt's text from its field.</param>
/// <param name="ResponseTemplate">Makes the response's text from its field.</param>
public sealed record DemonstrationFormat(
    string PromptField, string ResponseField, TextTemplate PromptTemplate, TextTemplate ResponseTemplate)
{
    /// <summary>GSM8K lines: the question in a prompt template with <c>{question}</c>, the answer after a space.</summary>
    public static DemonstrationFormat Gsm8k(string promptTemplate = Gsm8kPromptFormat.DefaultTemplate) =>
        new("question", "answer", new TextTemplate(promptTemplate, "question"), new TextTemplate(" {answer}", "answer"));
}
