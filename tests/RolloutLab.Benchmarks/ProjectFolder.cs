namespace RolloutLab.Benchmarks;

/// <summary>The folder that recipes and data lie in: the checkout, or a published copy, which has no solution file to look for.</summary>
internal static class ProjectFolder
{
    /// <summary>As the launcher says, else the current folder.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable("ROLLOUTLAB_HOME") ?? Environment.CurrentDirectory;
}
