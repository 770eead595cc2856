using RolloutLab.Core;

namespace RolloutLab.Recipes;

/// <summary>One row of a sweep: a recipe with changes.</summary>
/// <param name="Name">Names it in tables and folders.</param>
/// <param name="RecipePath">Its recipe.</param>
/// <param name="Overrides">Its changes, <c>a.b=c</c> each.</param>
public sealed record SweepVariant(string Name, string RecipePath, ValueList<string> Overrides);

/// <summary>
/// A list or grid of variants of a recipe, each run with several seeds:
/// <code>
/// recipe: grpo-countdown.yaml       # relative to this file
/// seeds: [1, 2, 3, 4, 5]
/// target: 0.45                      # pass@1 to count the cost to; left out: the first variant's mean at the end
/// set: [training.steps=60]          # for all variants
/// variants:
///   grpo:                           # the recipe as it is; the first variant is what others are compared with
///   rorecomp: { set: ["recompose.stages=[rorecomp]"] }
///   full: { recipe: full-countdown.yaml }
/// grid: { loss.clip_high: [0.2, 0.28] }   # every variant with every combination
/// </code>
/// </summary>
/// <param name="Variants">The variants, at least one, names different.</param>
/// <param name="Seeds">Seeds of each variant, different.</param>
/// <param name="Target">pass@1 that costs are counted to; null for the first variant's mean at the end.</param>
public sealed record SweepFile(ValueList<SweepVariant> Variants, ValueList<int> Seeds, double? Target)
{
    /// <summary>Whether a file that can be read is a sweep rather than a recipe: it names variants.</summary>
    public static bool IsSweep(string path) =>
        File.Exists(path) && DocumentParser.Parse(RecipeLoader.ReadText(path), path, "/", new RecipeErrors()) is SectionNode section && section.Find("variants") is not null;

    /// <summary>Reads a sweep.</summary>
    /// <exception cref="RecipeException">The file cannot be read or is wrong; one line says where and why.</exception>
    public static SweepFile Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var errors = new RecipeErrors();
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var root = DocumentParser.Parse(RecipeLoader.ReadText(path), path, folder, errors);
        errors.ThrowIfAny();
        return root is SectionNode section
            ? new SweepReader(section).Read()
            : throw new RecipeException($"{path}: a sweep is made of recipe, seeds and variants; see recipes/ablation-countdown.yaml");
    }
}
