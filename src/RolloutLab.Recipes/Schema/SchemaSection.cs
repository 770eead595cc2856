namespace RolloutLab.Recipes;

/// <summary>What a section may hold: its keys in order and, where a <c>type</c> decides, those of each type.</summary>
internal sealed class SchemaSection
{
    /// <summary>Keys of every type, sections included.</summary>
    public List<SchemaKey> Keys { get; } = [];

    /// <summary>Keys by type; empty where the section has no types.</summary>
    public List<(string Type, SchemaSection Section)> Variants { get; } = [];

    /// <summary>All keys below this section in the order of a resolved recipe.</summary>
    public IEnumerable<SchemaEntry> Flatten(string path, string when)
    {
        foreach (SchemaKey key in Keys)
        {
            string keyPath = KeyPath.Join(path, key.Key);
            yield return new SchemaEntry(keyPath, key.Type, key.Default, key.Rule, when, key.Doc);
            foreach (SchemaEntry inner in key.Section?.Flatten(keyPath, when) ?? [])
            {
                yield return inner;
            }
        }

        // A section of one type has no keys that depend on it.
        foreach ((string type, SchemaSection section) in Variants)
        {
            string condition = Variants.Count == 1 ? when : $"{(when.Length == 0 ? "" : $"{when}, ")}{KeyPath.Leaf(path)} type: {type}";
            foreach (SchemaEntry inner in section.Flatten(path, condition))
            {
                yield return inner;
            }
        }
    }
}

/// <summary>One key of a section's schema.</summary>
/// <param name="Key">The key.</param>
/// <param name="Type">Type in words.</param>
/// <param name="Default">Default as YAML; empty where the key must be given.</param>
/// <param name="Rule">What values must obey.</param>
/// <param name="Choices">The words to choose from; empty where any value goes.</param>
/// <param name="Doc">What it does.</param>
/// <param name="Section">What it holds, for a section.</param>
internal sealed record SchemaKey(
    string Key, string Type, string Default, string Rule, IReadOnlyList<string> Choices, string Doc, SchemaSection? Section = null);
