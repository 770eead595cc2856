namespace RolloutLab.UnitTests.Data;

/// <summary>A test on files that are not part of the repository; skipped, with the path looked for, where they are absent.</summary>
public sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute(string relativePath)
    {
        var path = Locate(relativePath);
        if (!File.Exists(path))
        {
            Skip = $"{path} is not there (set ROLLOUTLAB_SHARED to the folder that holds data/)";
        }
    }

    /// <summary>The file under $ROLLOUTLAB_SHARED, or under the folder 'shared' beside the repository.</summary>
    public static string Locate(string relativePath)
    {
        var shared = Environment.GetEnvironmentVariable("ROLLOUTLAB_SHARED")
            ?? Path.GetFullPath(Path.Combine(Repository.Root, "..", "shared"));
        return Path.Combine(shared, "data", relativePath);
    }
}
