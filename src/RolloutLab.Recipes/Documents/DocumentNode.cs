namespace RolloutLab.Recipes;

/// <summary>One node of a recipe as written, before any meaning is given to it.</summary>
internal abstract record DocumentNode(SourceLocation Location)
{
    /// <summary>The node on one line, shortened, for messages.</summary>
    public abstract string Display { get; }
}

/// <summary>A single value; quoted ones are always text.</summary>
internal sealed record ScalarNode(SourceLocation Location, string Value, bool IsQuoted) : DocumentNode(Location)
{
    public bool IsNull => !IsQuoted && Value is "" or "~" or "null";

    public override string Display => IsNull ? "null" : DisplayText.Shorten(Value);
}

/// <summary>A list.</summary>
internal sealed record ListNode(SourceLocation Location, IReadOnlyList<DocumentNode> Items) : DocumentNode(Location)
{
    public override string Display => DisplayText.Shorten($"[{string.Join(", ", Items.Select(i => i.Display))}]");
}

/// <summary>Keys and values in the order written; each key once.</summary>
internal sealed record SectionNode(SourceLocation Location, IReadOnlyList<SectionEntry> Entries) : DocumentNode(Location)
{
    public override string Display => "a section";

    public SectionEntry? Find(string key) => Entries.FirstOrDefault(e => e.Key == key);

    /// <summary>This section with one entry put in the place of the one of that key, or at the end.</summary>
    public SectionNode With(SectionEntry entry)
    {
        var entries = Entries.ToList();
        int index = entries.FindIndex(e => e.Key == entry.Key);
        if (index < 0)
        {
            entries.Add(entry);
        }
        else
        {
            entries[index] = entry;
        }

        return this with { Entries = entries };
    }
}

/// <summary>One key of a section.</summary>
/// <param name="Key">The key.</param>
/// <param name="Location">Where the key was written.</param>
/// <param name="Value">What it holds.</param>
internal sealed record SectionEntry(string Key, SourceLocation Location, DocumentNode Value);
