namespace RolloutLab.Recipes;

/// <summary>Where a value was written: a line of a recipe file, or the command line.</summary>
/// <param name="Source">The file as the user named it, or <c>--set</c>.</param>
/// <param name="Line">Line from 1; 0 when the place has no line.</param>
/// <param name="BaseFolder">Absolute folder that relative paths written here start from.</param>
internal readonly record struct SourceLocation(string Source, int Line, string BaseFolder)
{
    /// <summary>Name of values given on the command line.</summary>
    public const string CommandLine = "--set";

    public override string ToString() => Line > 0 ? $"{Source}:{Line}" : Source;
}
