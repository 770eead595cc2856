using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>What a row of a prompt file says.</summary>
/// <param name="Id">The row's own identifier; null when it has none.</param>
/// <param name="Text">The text the policy continues; empty where the row has no prompt.</param>
/// <param name="Answer">What the verifier compares with; empty where the row has none.</param>
public readonly record struct PromptFields(string? Id, string Text, string Answer)
{
    /// <summary>What makes it empty: the field and what is wrong with it, as one clause; null where nothing is missing.</summary>
    public string? Missing { get; init; }

    /// <summary>Further fields the recipe asks for, as one JSON object; null for none.</summary>
    public string? Extra { get; init; }
}

/// <summary>Reads the rows of one kind of prompt file.</summary>
public interface IPromptFormat
{
    /// <summary>The columns that <see cref="Read"/> may look at, those it can do without included.</summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>Whether prompts are chats that a template rendered: those hold every special token already.</summary>
    bool RendersChats { get; }

    /// <summary>
    /// The prompt of a row. A prompt or an answer that is null or empty is no error here: whether such rows may be left out is for
    /// the caller to say.
    /// </summary>
    /// <exception cref="DataException">A field is missing, ill-typed or unusable; the message names file and line.</exception>
    PromptFields Read(JsonlRow row);
}
