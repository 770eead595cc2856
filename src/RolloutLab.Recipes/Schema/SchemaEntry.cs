namespace RolloutLab.Recipes;

/// <summary>One key a recipe may have.</summary>
/// <param name="Path">Dotted path, such as <c>loss.clip_low</c>.</param>
/// <param name="Type">Type in words; <c>section</c> for keys that hold others.</param>
/// <param name="Default">Value of a key left out; empty where it must be given, <c>null</c> where it may be absent.</param>
/// <param name="Rule">What its values must obey, or the words to choose from; empty when the type says it all.</param>
/// <param name="When">The <c>type</c> of the section that has this key, such as <c>type: jsonl</c>; empty when every type has it.</param>
/// <param name="Doc">What it does, in one line.</param>
public sealed record SchemaEntry(string Path, string Type, string Default, string Rule, string When, string Doc)
{
    /// <summary>Whether the key must be given (when its section is, and is of the type that has it).</summary>
    public bool IsRequired => Default.Length == 0 && Type != "section";
}
