using System.Diagnostics;
using System.Runtime.Versioning;
using RolloutLab.EndToEndTests.CommandLine;

[assembly: SupportedOSPlatform("linux")]

namespace RolloutLab.EndToEndTests.Launcher;

/// <summary>What one call of the launcher did.</summary>
/// <param name="ExitCode">The exit code.</param>
/// <param name="Output">Standard output, in which only the program's may be.</param>
/// <param name="Error">Standard error, seconds taken replaced by <c>N s</c>.</param>
/// <param name="Calls">The tools called, one line each with the arguments, in order.</param>
internal sealed record LauncherCall(int ExitCode, string Output, string Error, string[] Calls);

/// <summary>
/// A copy of the launcher in a project of its own, with a search path on which dotnet, cmake, npm and the package
/// tools are scripts that write down how they were called. Paths of the sandbox read <c>~</c> in all that is returned.
/// </summary>
internal sealed class LauncherSandbox : IDisposable
{
    private static readonly string[] SystemTools =
    [
        "bash", "env", "readlink", "realpath", "find", "sort", "mkdir", "mv", "rm", "touch", "cat", "cp", "grep", "cut",
        "flock", "nproc", "sed", "awk", "dirname", "sleep",
    ];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("launcher");
    private readonly Dictionary<string, string> _environment;
    private int _callsSeen;

    public LauncherSandbox()
    {
        foreach (string tool in SystemTools)
        {
            File.CreateSymbolicLink(Below("bin", tool), ToolOnPath(tool));
        }

        foreach ((string name, string script) in FakeTools.All)
        {
            AddTool(name, script);
        }

        foreach (string file in new[] { "rolloutlab", "tests/run" })
        {
            File.Copy(Path.Combine(RepositoryRoot(), file), Below("project", file));
        }

        foreach (string file in FakeTools.ProjectFiles)
        {
            Write("project/" + file, "");
        }

        Write("torch/share/cmake/Torch/TorchConfig.cmake", "");
        _environment = new Dictionary<string, string>
        {
            ["PATH"] = Below("bin", ""),
            ["HOME"] = _folder.FullName,
            ["SANDBOX"] = _folder.FullName,
            ["LIBTORCH"] = Below("torch", ""),
        };
    }

    /// <summary>Sets or, with null, removes a variable for all later calls.</summary>
    public void SetEnvironment(string name, string? value)
    {
        if (value is null)
        {
            _environment.Remove(name);
        }
        else
        {
            _environment[name] = value.Replace("~", _folder.FullName, StringComparison.Ordinal);
        }
    }

    public void AddTool(string name, string script)
    {
        string path = Below("bin", name);
        File.WriteAllText(path, "#!/usr/bin/env bash\n" + script);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void RemoveTool(string name) => File.Delete(Below("bin", name));

    public void Write(string file, string text) => File.WriteAllText(Below(file), text);

    public void Delete(string file) => File.Delete(Below(file));

    public void DeleteFolder(string folder) => Directory.Delete(Below(folder), recursive: true);

    public bool Exists(string file) => File.Exists(Below(file));

    /// <summary>The environment that the program was last started with.</summary>
    public Dictionary<string, string> ProgramEnvironment() =>
        File.ReadLines(Below("environment")).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => WithoutPaths(pair[1]));

    public LauncherCall Run(params string[] arguments)
    {
        using Process process = Start(arguments);
        return Finish(process);
    }

    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Below("bin", "bash"), [Below("project", "rolloutlab"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.FullName,
        };
        start.Environment.Clear();
        foreach ((string name, string value) in _environment)
        {
            start.Environment[name] = value;
        }

        return OwnedProcess.Start(start);
    }

    public LauncherCall Finish(Process process)
    {
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new LauncherCall(process.ExitCode, WithoutPaths(output), WithoutSeconds(WithoutPaths(error.Result)), NewCalls());
    }

    /// <summary>The calls of tools since the last time this was asked.</summary>
    private string[] NewCalls()
    {
        string[] all = AllCalls();
        string[] fresh = all[_callsSeen..];
        _callsSeen = all.Length;
        return fresh;
    }

    /// <summary>Every call of a tool in this sandbox so far.</summary>
    public string[] AllCalls()
    {
        string file = Below("calls");
        return File.Exists(file) ? [.. File.ReadLines(file).Select(WithoutPaths)] : [];
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string WithoutSeconds(string text) =>
        System.Text.RegularExpressions.Regex.Replace(text, @"\b\d+ s\b", "N s");

    private static string ToolOnPath(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin").Split(':').Select(folder => Path.Combine(folder, tool))
            .First(File.Exists);

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "RolloutLab.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("no RolloutLab.sln above the test assembly");
    }

    private string WithoutPaths(string text) => text.Replace(_folder.FullName, "~", StringComparison.Ordinal);

    private string Below(params string[] parts)
    {
        string path = Path.Combine([_folder.FullName, .. parts]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }
}
