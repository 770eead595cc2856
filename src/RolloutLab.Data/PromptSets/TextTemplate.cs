using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>A text with a placeholder such as <c>{prompt}</c>; everything else, other braces included, stays as it is.</summary>
public sealed class TextTemplate
{
    private readonly string _text;
    private readonly string _placeholder;

    /// <summary>Creates a template.</summary>
    /// <param name="text">The text; the placeholder occurs in it once or more.</param>
    /// <param name="field">Name of the placeholder, without braces.</param>
    /// <exception cref="DataException">The placeholder does not occur.</exception>
    public TextTemplate(string text, string field)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentException.ThrowIfNullOrEmpty(field);
        (_text, _placeholder) = (text, "{" + field + "}");
        if (!text.Contains(_placeholder, StringComparison.Ordinal))
        {
            throw new DataException($"template '{text.ReplaceLineEndings("\\n")}' has no {_placeholder}; put it where the text belongs");
        }
    }

    /// <summary>The text with the value in place of the placeholder; the value is not searched for placeholders.</summary>
    public string Apply(string value) => _text.Replace(_placeholder, value, StringComparison.Ordinal);
}
