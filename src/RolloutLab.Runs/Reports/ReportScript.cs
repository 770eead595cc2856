namespace RolloutLab.Runs;

/// <summary>The script of a report, <c>report.js</c>, which is inside this library.</summary>
internal static class ReportScript
{
    public static string Read()
    {
        using var stream = typeof(ReportScript).Assembly.GetManifestResourceStream("report.js")
            ?? throw new InvalidOperationException("report.js is not in the library");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
