using RolloutLab.Core;

namespace RolloutLab.Recipes;

/// <summary>The sections of a recipe that say what is optimised, without the rest of it.</summary>
/// <param name="Advantage">How rewards become advantages.</param>
/// <param name="Loss">What the update minimises.</param>
public sealed record ObjectiveSections(AdvantageSection Advantage, LossSection Loss)
{
    /// <summary>Reads them from values as the command line sets them.</summary>
    /// <param name="overrides">Values to set, <c>loss.clip_low=0.3</c> each, in order.</param>
    /// <exception cref="RecipeException">A key is unknown or a value wrong; one line says where and why.</exception>
    public static ObjectiveSections Parse(IReadOnlyList<string> overrides)
    {
        ArgumentNullException.ThrowIfNull(overrides);
        if (overrides.FirstOrDefault(o => !IsRead(o)) is { } other)
        {
            throw new RecipeException($"--set {DisplayText.Shorten(other)}: only keys of loss and advantage count here, such as loss.clip_low=0.3");
        }

        var errors = new RecipeErrors();
        var root = new SectionNode(new SourceLocation(SourceLocation.CommandLine, Line: 0, Environment.CurrentDirectory), []);
        var reader = new BindingReader(Overrides.Apply(root, overrides, errors), "", errors);
        var sections = new ObjectiveSections(
            reader.Section("advantage", "How rewards become advantages.", AdvantageSection.Read),
            reader.Section("loss", "What the update minimises.", LossSection.Read));
        reader.Finish();
        errors.ThrowIfAny();
        return sections;
    }

    private static bool IsRead(string text) => text.TrimStart() is var path
        && (path.StartsWith("loss", StringComparison.Ordinal) || path.StartsWith("advantage", StringComparison.Ordinal));
}
