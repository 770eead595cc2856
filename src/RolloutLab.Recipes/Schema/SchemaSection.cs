using System.Text.Json.Nodes;

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

        foreach (SchemaEntry inner in FlattenVariants(path, when))
        {
            yield return inner;
        }
    }

    /// <summary>Keys by type; one that is the same in several types stands once and names them, or nothing where all have it.</summary>
    private IEnumerable<SchemaEntry> FlattenVariants(string path, string when) => Variants
        .SelectMany(variant => variant.Section.Flatten(path, "").Select(entry => (variant.Type, Entry: entry)))
        .GroupBy(pair => pair.Entry, pair => pair.Type)
        .Select(group =>
        {
            string[] types = [.. group];
            string own = types.Length == Variants.Count ? "" : $"{KeyPath.Leaf(path)} type: {string.Join(" | ", types)}";
            string[] conditions = [.. new[] { when, own, group.Key.When }.Where(c => c.Length > 0)];
            return group.Key with { When = string.Join(", ", conditions) };
        });
}

/// <summary>One key of a section's schema.</summary>
/// <param name="Key">The key.</param>
/// <param name="Type">Type in words.</param>
/// <param name="Default">Default as YAML; empty where the key must be given.</param>
/// <param name="Rule">What values must obey.</param>
/// <param name="Choices">The words to choose from; empty where any value goes.</param>
/// <param name="Doc">What it does.</param>
/// <param name="FixedDefault">Default as JSON; null where it is null, depends on other keys, or must be given.</param>
/// <param name="Section">What it holds, for a section.</param>
internal sealed record SchemaKey(
    string Key,
    string Type,
    string Default,
    string Rule,
    IReadOnlyList<string> Choices,
    string Doc,
    JsonValue? FixedDefault = null,
    SchemaSection? Section = null);
