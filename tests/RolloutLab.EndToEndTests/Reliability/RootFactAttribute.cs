namespace RolloutLab.EndToEndTests.Reliability;

/// <summary>A test that mounts a file system; skipped where only root may and the user is another.</summary>
public sealed class RootFactAttribute : FactAttribute
{
    public RootFactAttribute()
    {
        if (Environment.UserName != "root")
        {
            Skip = "only root may mount a file system";
        }
    }
}
