namespace RolloutLab.EndToEndTests.Launcher;

/// <summary>Where LibTorch and the build tools come from, and what is said when they cannot be had.</summary>
public sealed class LauncherLibTorchTests : IDisposable
{
    private readonly LauncherSandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Fact]
    public void Without_root_and_sudo_the_exact_lines_to_run_are_printed()
    {
        RemoveBuildTools();
        _sandbox.AddTool("apt-get", "echo \"apt-get $*\" >>\"$SANDBOX/calls\"");

        LauncherCall call = _sandbox.Run("train");

        Assert.Equal(69, call.ExitCode);
        Assert.Empty(call.Calls);
        Assert.Equal("", call.Output);
        Assert.Equal(
            """
            rolloutlab: missing here and only root can install them: cmake ninja-build g++; run these lines, then ./rolloutlab again
            su -c 'apt-get update && apt-get install -y --no-install-recommends cmake ninja-build g++'

            """,
            call.Error);
    }

    [Fact]
    public void With_a_sudo_that_asks_for_a_password_the_lines_use_it()
    {
        RemoveBuildTools();
        _sandbox.AddTool("apt-get", "");
        _sandbox.AddTool("sudo", "[[ $1 == -n ]] && exit 1");

        LauncherCall call = _sandbox.Run("train");

        Assert.Equal(69, call.ExitCode);
        Assert.EndsWith(
            """
            ./rolloutlab again
            sudo apt-get update
            sudo apt-get install -y --no-install-recommends cmake ninja-build g++

            """,
            call.Error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo 0")]
    [InlineData("echo 1000")]
    public void Without_apt_the_lines_to_run_need_neither_apt_nor_root(string id)
    {
        RemoveBuildTools();
        _sandbox.AddTool("id", id);
        _sandbox.AddTool("sudo", "exit 0");

        LauncherCall call = _sandbox.Run("train");

        Assert.Equal(69, call.ExitCode);
        Assert.Equal(
            """
            rolloutlab: missing here, and there is no apt to install them: cmake ninja-build g++; run these lines, then ./rolloutlab again
            python3 -m venv .build/venv && . .build/venv/bin/activate
            python3 -m pip install cmake ninja
            # install a C++17 compiler, callable as g++, with the package manager here

            """,
            call.Error);
    }

    [Theory]
    [InlineData("echo 0", "")]
    [InlineData("echo 1000", "sudo -n ")]
    public void Root_or_a_free_sudo_installs_what_is_missing_and_fetches_the_lists_only_at_need(string id, string prefix)
    {
        _sandbox.RemoveTool("g++");
        _sandbox.AddTool("id", id);
        _sandbox.AddTool("dpkg", "echo \"dpkg $*\" >>\"$SANDBOX/calls\"");
        _sandbox.AddTool("sudo", "[[ $2 == true ]] || { shift; SUDO='sudo -n ' \"$@\"; }");
        _sandbox.AddTool(
            "apt-get",
            """
            echo "${SUDO-}apt-get $1 ${*: -1}" >>"$SANDBOX/calls"
            if [[ $1 == update ]]; then touch "$SANDBOX/lists" && exit; fi
            [[ -e $SANDBOX/lists ]] || { echo 'E: Unable to locate package' && exit 100; }
            cp "$SANDBOX/bin/ninja" "$SANDBOX/bin/g++"
            """);

        string[] first = _sandbox.Run("setup").Calls;
        _sandbox.RemoveTool("g++");
        _sandbox.Delete("project/.build/libtorch.stamp");
        string[] second = _sandbox.Run("setup").Calls;

        Assert.Equal(["dpkg --configure -a", $"{prefix}apt-get install g++", $"{prefix}apt-get update -q", $"{prefix}apt-get install g++"], first[..4]);
        Assert.Equal(["dpkg --configure -a", $"{prefix}apt-get install g++"], second);
    }

    [Theory]
    [InlineData("~/nowhere", "rolloutlab: LIBTORCH=~/nowhere does not exist: unset it, or give the folder of an unpacked LibTorch\n")]
    [InlineData("~/bin", "rolloutlab: LIBTORCH=~/bin has no share/cmake/Torch/TorchConfig.cmake: unset it, or give the folder of an unpacked LibTorch\n")]
    public void A_wrong_LIBTORCH_is_refused_even_after_another_was_set_up(string folder, string message)
    {
        _sandbox.Run("setup");
        _sandbox.SetEnvironment("LIBTORCH", folder);

        LauncherCall call = _sandbox.Run("train");

        Assert.Equal(69, call.ExitCode);
        Assert.Equal(message, call.Error);
        Assert.Empty(call.Calls);
    }

    [Fact]
    public void The_torch_of_an_installed_Python_is_taken_but_LIBTORCH_goes_first()
    {
        _sandbox.Write("site/torch/share/cmake/Torch/TorchConfig.cmake", "");
        _sandbox.AddTool("python3", "printf '%s\\n' \"$SANDBOX/site/torch\" \"$SANDBOX/site\"");

        string[] withBoth = _sandbox.Run("setup").Calls;
        _sandbox.SetEnvironment("LIBTORCH", null);
        string[] withPython = _sandbox.Run("train").Calls;

        Assert.Contains(withBoth, line => line.EndsWith("-DTorch_DIR=~/torch/share/cmake/Torch", StringComparison.Ordinal));
        Assert.Contains(withPython, line => line.EndsWith("-DTorch_DIR=~/site/torch/share/cmake/Torch", StringComparison.Ordinal));
        Assert.Equal("python", _sandbox.ProgramEnvironment()["ROLLOUTLAB_LIBTORCH_SOURCE"]);
        Assert.Equal("~/site/torch", _sandbox.ProgramEnvironment()["ROLLOUTLAB_LIBTORCH"]);
    }

    [Fact]
    public void A_torch_installed_into_Python_later_is_noticed()
    {
        _sandbox.Write("old/torch/share/cmake/Torch/TorchConfig.cmake", "");
        _sandbox.Write("new/.keep", "");
        _sandbox.SetEnvironment("LIBTORCH", null);
        _sandbox.AddTool(
            "python3",
            """
            echo python3 >>"$SANDBOX/calls"
            found=$SANDBOX/old/torch
            [[ ! -d $SANDBOX/new/torch ]] || found=$SANDBOX/new/torch
            printf '%s\n' "$found" "$SANDBOX/new" "$SANDBOX/old"
            """);
        _sandbox.Run("setup");
        Assert.Empty(_sandbox.Run("setup").Calls);

        _sandbox.Write("new/torch/share/cmake/Torch/TorchConfig.cmake", "");
        LauncherCall call = _sandbox.Run("setup");

        Assert.Equal("python3", call.Calls[0]);
        Assert.EndsWith("-DTorch_DIR=~/new/torch/share/cmake/Torch", call.Calls[1], StringComparison.Ordinal);
    }

    private void RemoveBuildTools()
    {
        foreach (string tool in new[] { "cmake", "ninja", "g++" })
        {
            _sandbox.RemoveTool(tool);
        }
    }
}
