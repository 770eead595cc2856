using System.Diagnostics;
using System.Globalization;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary>The built program, run as a process of its own.</summary>
internal static class InstalledProgram
{
    private static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "rolloutlab.dll");

    /// <summary>Runs it in a folder, where no native library can be found.</summary>
    public static CallResult Run(string folder, params string[] arguments)
    {
        var start = StartInfo(folder, arguments);
        start.Environment["ROLLOUTLAB_NATIVE"] = Path.Combine(folder, "no-native-library");
        start.Environment.Remove("ROLLOUTLAB_DUCKDB");
        using var process = OwnedProcess.Start(start);
        return Finish(process);
    }

    /// <summary>Starts it in a folder, with the native library of this build; disposing the process kills it.</summary>
    public static Process Start(string folder, params string[] arguments) => OwnedProcess.Start(StartInfo(folder, arguments));

    /// <summary>Sends it a signal.</summary>
    /// <param name="process">The running program.</param>
    /// <param name="signal">The signal's name, such as <c>INT</c>.</param>
    public static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Waits for its end.</summary>
    public static CallResult Finish(Process process)
    {
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("the program did not end");
        }

        return new CallResult(process.ExitCode, output.Result, error.Result);
    }

    private static ProcessStartInfo StartInfo(string folder, string[] arguments) => new("dotnet", [Assembly, .. arguments])
    {
        WorkingDirectory = folder,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        RedirectStandardInput = true,
    };
}
