using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace RolloutLab.UnitTests.Data.Peers;

/// <summary>Runs another implementation, a script of this folder, in Node.</summary>
internal static class NodePeer
{
    /// <summary>Why Node or one of the pinned packages cannot be used; null where they can.</summary>
    public static string? Lacks(string? package)
    {
        var node = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "node")));
        var folder = Path.Combine(Repository.Root, "node_modules", package ?? "");
        return !node ? "node is not on the PATH"
            : package is not null && !Directory.Exists(folder) ? $"{folder} is not there (npm ci installs it)" : null;
    }

    /// <summary>The lines the script prints, as JSON.</summary>
    public static List<JsonElement> Run(string script, object input)
    {
        var path = Path.Combine(Repository.Root, "tests", "RolloutLab.UnitTests", "Data", "Peers", script);
        var start = new ProcessStartInfo("node", [path])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        process.StandardInput.Write(JsonSerializer.Serialize(input));
        process.StandardInput.Close();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(5)), $"{script} does not end");
        Assert.True(process.ExitCode == 0, errors.Result);
        return [.. output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}

/// <summary>A test against Node or a pinned npm package; skipped, with the reason, where it is not there.</summary>
public sealed class NodeFactAttribute : FactAttribute
{
    /// <param name="package">The npm package; null for Node alone.</param>
    /// <param name="sharedData">A file of shared data that is needed too.</param>
    public NodeFactAttribute(string? package = null, string? sharedData = null) =>
        Skip = NodePeer.Lacks(package) ?? (sharedData is null ? null : new SharedDataFactAttribute(sharedData).Skip);
}
