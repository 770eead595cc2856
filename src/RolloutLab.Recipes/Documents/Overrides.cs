using RolloutLab.Core;

namespace RolloutLab.Recipes;

/// <summary>Lays values of the form <c>a.b=c</c> over a document. Later ones win over earlier ones.</summary>
internal static class Overrides
{
    /// <summary>
    /// The document with every override put in its place; sections on the way are created. A value is YAML: a scalar,
    /// <c>[1, 2]</c>, or <c>{key: value}</c>, which replaces the whole section of that name.
    /// </summary>
    /// <exception cref="RecipeException">An override is not of the form <c>a.b=c</c>, or its value is not YAML.</exception>
    public static SectionNode Apply(SectionNode root, IReadOnlyList<string> overrides, RecipeErrors errors)
    {
        foreach (string text in overrides)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            string path = equals < 0 ? "" : text[..equals].Trim();
            if (!KeyPath.IsValid(path))
            {
                throw new RecipeException(
                    $"--set {DisplayText.Shorten(text)}: not of the form key=value; write it like --set rollout.temperature=0.7");
            }

            DocumentNode value = DocumentParser.Parse(
                text[(equals + 1)..], SourceLocation.CommandLine, Environment.CurrentDirectory, errors, path);
            root = Put(root, path.Split('.'), 0, value);
        }

        return root;
    }

    private static SectionNode Put(SectionNode section, string[] keys, int depth, DocumentNode value)
    {
        string key = keys[depth];
        if (depth == keys.Length - 1)
        {
            return section.With(new SectionEntry(key, value.Location, value));
        }

        DocumentNode? existing = section.Find(key)?.Value;
        SectionNode inner = existing switch
        {
            SectionNode found => found,
            null or ScalarNode { IsNull: true } => new SectionNode(value.Location, []),
            _ => throw new RecipeException(
                $"--set {string.Join('.', keys)}: {string.Join('.', keys[..(depth + 1)])} is {existing.Display}, not a section"),
        };
        SourceLocation location = section.Find(key)?.Location ?? value.Location;
        return section.With(new SectionEntry(key, location, Put(inner, keys, depth + 1, value)));
    }
}
