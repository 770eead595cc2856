namespace RolloutLab.Data;

/// <summary>How rows become demonstrations.</summary>
/// <param name="PromptField">Name of the field with the prompt.</param>
/// <param name="ResponseField">Name of the field with the response.</param>
/// <param name="PromptText">Makes the prompt's text from its field.</param>
/// <param name="ResponseTemplate">Makes the response's text from its field.</param>
public sealed record DemonstrationFormat(
    string PromptField, string ResponseField, PromptText PromptText, TextTemplate ResponseTemplate);
