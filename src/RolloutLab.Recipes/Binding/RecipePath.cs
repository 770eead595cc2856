namespace RolloutLab.Recipes;

/// <summary>A path as the user wrote it and where it leads.</summary>
internal sealed record RecipePath(string AsWritten, string Absolute)
{
    /// <summary>Resolves a path against an absolute folder.</summary>
    public static RecipePath Resolve(string written, string baseFolder) => new(written, Path.GetFullPath(written, baseFolder));
}
