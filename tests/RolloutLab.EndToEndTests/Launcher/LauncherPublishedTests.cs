namespace RolloutLab.EndToEndTests.Launcher;

/// <summary>The launcher in a published copy: programs in bin/, no sources of them, no .NET on the machine.</summary>
public sealed class LauncherPublishedTests : IDisposable
{
    private readonly LauncherSandbox _sandbox = new();

    public LauncherPublishedTests()
    {
        _sandbox.RemoveTool("dotnet");
        _sandbox.RemoveTool("npm");
        foreach (var (name, says) in new[] { ("rolloutlab", "the program"), ("RolloutLab.Benchmarks", "the benchmarks") })
        {
            _sandbox.AddTool($"../project/bin/{name}", $"echo \"{says}: $*\"\n");
        }

        _sandbox.DeleteFolder("project/src");
    }

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public void Only_native_is_built_and_the_published_program_runs()
    {
        var call = _sandbox.Run("doctor", "--json");

        Assert.Equal((0, "the program: doctor --json\n"), (call.ExitCode, call.Output));
        Assert.Equal(2, call.Calls.Length);
        Assert.All(call.Calls, c => Assert.StartsWith("cmake ", c, StringComparison.Ordinal));
        Assert.Equal("the benchmarks: core --quick\n", _sandbox.Run("bench", "core", "--quick").Output);
    }

    [Fact]
    public void Make_does_where_ninja_is_missing()
    {
        _sandbox.RemoveTool("ninja");
        _sandbox.AddTool("make", "");

        var call = _sandbox.Run("doctor");

        Assert.Equal(0, call.ExitCode);
        Assert.Contains("-G Unix Makefiles", call.Calls[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("test")]
    [InlineData("publish")]
    public void What_needs_the_sources_is_refused(string command)
    {
        var call = _sandbox.Run(command);

        Assert.Equal(1, call.ExitCode);
        Assert.EndsWith($"rolloutlab: this is a published copy: {command} belongs to the sources\n", call.Error, StringComparison.Ordinal);
    }
}
