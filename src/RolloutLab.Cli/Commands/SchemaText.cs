using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary>The recipe schema as text: a line of path, type, default and rule for each key, and what it does below.</summary>
internal static class SchemaText
{
    /// <summary>Writes the entries.</summary>
    /// <param name="entries">Every key, in order.</param>
    /// <param name="path">Only this key and what is in it; null for all.</param>
    /// <param name="output">Where to.</param>
    /// <exception cref="RecipeException">There is no such key.</exception>
    public static void Write(IReadOnlyList<SchemaEntry> entries, string? path, TextWriter output)
    {
        SchemaEntry[] chosen =
            [.. entries.Where(e => path is null || e.Path == path || e.Path.StartsWith(path + ".", StringComparison.Ordinal))];
        if (chosen.Length == 0)
        {
            var nearest = NearestName.Find(path!, entries.Select(e => e.Path).Distinct());
            var remedy = nearest is null ? "see rolloutlab recipe schema" : $"did you mean {nearest}?";
            throw new RecipeException($"recipes have no key {path}; {remedy}");
        }

        foreach (var entry in chosen)
        {
            output.WriteLine(Head(entry));
            output.WriteLine($"    {entry.Doc}");
        }
    }

    private static string Head(SchemaEntry entry)
    {
        var type = entry.Rule.Length == 0 ? entry.Type : $"{entry.Type}, {entry.Rule}";
        var value = entry switch
        {
            { IsRequired: true } => "  required",
            { Default.Length: > 0 } => $"  = {entry.Default}",
            _ => "",
        };
        var when = entry.When.Length == 0 ? "" : $"  [{entry.When}]";
        return $"{entry.Path} ({type}){value}{when}";
    }
}
