using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>What a line of a prompt file says.</summary>
/// <param name="Id">The line's own identifier; null when it has none.</param>
/// <param name="Text">The text the policy continues.</param>
/// <param name="Answer">What the verifier compares with.</param>
public readonly record struct PromptFields(string? Id, string Text, string Answer);

/// <summary>Reads the lines of one kind of prompt file.</summary>
public interface IPromptFormat
{
    /// <summary>The prompt of a line.</summary>
    /// <exception cref="DataException">A field is missing, ill-typed or unusable; the message names file and line.</exception>
    PromptFields Read(JsonlRow row);
}
