namespace RolloutLab.EndToEndTests.Browser;

/// <summary>A test that needs a browser; skipped, with its reason, where there is none.</summary>
public sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute()
    {
        if (Chromium.Program is null)
        {
            Skip = "pages are looked at in Chromium, which is not installed: apt-get install chromium";
        }
    }
}
