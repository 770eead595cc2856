using RolloutLab.Core;
using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>Gives a sweep's document its meaning. Its keys are the user's own names, so it is no section of a recipe.</summary>
internal sealed class SweepReader(SectionNode root)
{
    private static readonly string[] Keys = ["recipe", "seeds", "target", "set", "variants", "grid"];

    public SweepFile Read()
    {
        CheckKeys(root, Keys, "");
        var variants = Variants().ToList();
        return new SweepFile(ValueList.Create<SweepVariant>([.. variants]), Seeds(), Target());
    }

    private static RecipeException Wrong(SourceLocation location, string problem) => new($"{location}: {problem}");

    private static void CheckKeys(SectionNode section, string[] keys, string path)
    {
        foreach (var entry in section.Entries.Where(e => !keys.Contains(e.Key)))
        {
            var nearest = NearestName.Find(entry.Key, keys) is { } near ? $"did you mean {near}?" : $"known here: {string.Join(", ", keys)}";
            throw Wrong(entry.Location, $"{path}{entry.Key}: unknown key; {nearest}");
        }
    }

    private IEnumerable<SweepVariant> Variants()
    {
        if (root.Find("variants")?.Value is not SectionNode { Entries.Count: > 0 } variants)
        {
            throw Wrong(root.Location, "variants: missing; name at least one, such as variants: { grpo: {} }");
        }

        var common = Overrides(root.Find("set"));
        foreach (var entry in variants.Entries)
        {
            if (entry.Key.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
            {
                throw Wrong(entry.Location, $"variants.{entry.Key}: a name is made of letters, digits, - _ and .");
            }

            var section = entry.Value switch
            {
                SectionNode found => found,
                ScalarNode { IsNull: true } => new SectionNode(entry.Location, []),
                _ => throw Wrong(entry.Location, $"variants.{entry.Key}: must be a section with recipe and set, or nothing"),
            };
            CheckKeys(section, ["recipe", "set"], $"variants.{entry.Key}.");
            var recipe = section.Find("recipe") ?? root.Find("recipe") ?? throw Wrong(entry.Location, $"variants.{entry.Key}: names no recipe, and neither does the sweep; add recipe: file.yaml");
            foreach (var (suffix, point) in Grid())
            {
                yield return new SweepVariant(
                    entry.Key + suffix, RecipePath(recipe), ValueList.Create<string>([.. common, .. Overrides(section.Find("set")), .. point]));
            }
        }
    }

    private static string RecipePath(SectionEntry entry)
    {
        var path = Conversions.Path(entry.Value, entry.Value.Location.BaseFolder);
        return path.Problem is null ? path.Value.Absolute : throw Wrong(entry.Location, $"{entry.Key} = {entry.Value.Display}: {path.Problem}");
    }

    private static string[] Overrides(SectionEntry? entry) => entry?.Value switch
    {
        null => [],
        ListNode list when list.Items.All(i => i is ScalarNode s && s.Value.IndexOf('=', StringComparison.Ordinal) > 0) =>
            [.. list.Items.Select(i => ((ScalarNode)i).Value)],
        _ => throw Wrong(entry.Location, $"{entry.Key} = {entry.Value.Display}: must be a list of changes, such as [\"training.steps=60\"]"),
    };

    /// <summary>Every combination of the grid: a suffix for the name, and the changes. One empty combination without a grid.</summary>
    private IEnumerable<(string Suffix, string[] Overrides)> Grid()
    {
        IEnumerable<(string Suffix, string[] Overrides)> points = [("", [])];
        if (root.Find("grid") is not { } grid)
        {
            return points;
        }

        if (grid.Value is not SectionNode section)
        {
            throw Wrong(grid.Location, "grid: must be keys with lists of values, such as { loss.clip_high: [0.2, 0.28] }");
        }

        foreach (var entry in section.Entries)
        {
            if (entry.Value is not ListNode { Items.Count: > 0 } list || !list.Items.All(i => i is ScalarNode))
            {
                throw Wrong(entry.Location, $"grid.{entry.Key}: must be a list of values");
            }

            var values = list.Items.Select(i => ((ScalarNode)i).Value).ToList();
            var leaf = entry.Key[(entry.Key.LastIndexOf('.') + 1)..];
            points = [.. points.SelectMany(p => values.Select(v => ($"{p.Suffix}-{leaf}-{v}", (string[])[.. p.Overrides, $"{entry.Key}={v}"])))];
        }

        return points;
    }

    private ValueList<int> Seeds()
    {
        if (root.Find("seeds") is not { } entry)
        {
            return [1, 2, 3, 4, 5];
        }

        var seeds = Conversions.Integers(entry.Value, AtLeast(0));
        return seeds.Problem is null ? seeds.Value : throw Wrong(entry.Location, $"seeds = {entry.Value.Display}: {seeds.Problem}");
    }

    private double? Target()
    {
        if (root.Find("target") is not { Value: not ScalarNode { IsNull: true } } entry)
        {
            return null;
        }

        var target = Conversions.Number(entry.Value, Between(0, 1));
        return target.Problem is null ? target.Value : throw Wrong(entry.Location, $"target = {entry.Value.Display}: {target.Problem}");
    }
}
