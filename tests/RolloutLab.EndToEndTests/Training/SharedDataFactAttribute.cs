namespace RolloutLab.EndToEndTests.Training;

/// <summary>A test of a recipe on files that are not part of the repository; skipped, with the path looked for, where they are absent.</summary>
public sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute(params string[] relativePaths)
    {
        foreach (var path in relativePaths.Select(p => Path.GetFullPath(Path.Combine(TrainingProgram.Root(), "..", "shared", "data", p))))
        {
            if (!File.Exists(path))
            {
                Skip = $"{path} is not there; recipes that need it are not run";
                return;
            }
        }
    }
}
