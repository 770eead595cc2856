using System.Diagnostics;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary>The built program, run as a process of its own.</summary>
internal static class InstalledProgram
{
    private static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "rolloutlab.dll");

    /// <summary>Runs it in a folder, where no native library can be found.</summary>
    public static CallResult Run(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Assembly, .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["ROLLOUTLAB_NATIVE"] = Path.Combine(folder, "no-native-library");
        start.Environment.Remove("ROLLOUTLAB_DUCKDB");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"rolloutlab {string.Join(' ', arguments)} did not end");
        }

        return new CallResult(process.ExitCode, output, error.Result);
    }
}
