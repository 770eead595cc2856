using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

public sealed class MemoryLimitTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("rolloutlab-limit-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Without_groups_it_is_the_machine() => Assert.Equal(8L << 30, Read());

    [Fact]
    public void Where_nothing_is_told_it_is_unknown() => Assert.Null(MemoryLimit.Read(Path.Combine(_root, "nowhere")));

    [Theory]
    [InlineData("max", 8L << 30)]
    [InlineData("1073741824", 1L << 30)]
    [InlineData("99999999999999", 8L << 30)]
    public void A_group_limits_what_is_below_the_machines(string limit, long expected)
    {
        Write("proc/self/cgroup", "0::/user.slice/run");
        Write("sys/fs/cgroup/user.slice/run/memory.max", limit);
        Assert.Equal(expected, Read());
    }

    [Fact]
    public void A_group_around_counts_too()
    {
        Write("proc/self/cgroup", "0::/user.slice/run");
        Write("sys/fs/cgroup/user.slice/run/memory.max", "max");
        Write("sys/fs/cgroup/user.slice/memory.max", "2147483648");
        Assert.Equal(2L << 30, Read());
    }

    [Fact]
    public void The_first_version_of_groups_has_other_names()
    {
        Write("proc/self/cgroup", "12:cpu,cpuacct:/docker/x\n7:memory:/docker/x");
        Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "3221225472");
        Assert.Equal(3L << 30, Read());
    }

    private long? Read()
    {
        Write("proc/meminfo", "MemTotal:        8388608 kB\nMemAvailable:    4194304 kB\n");
        return MemoryLimit.Read(_root);
    }

    private void Write(string path, string text)
    {
        var file = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text + "\n");
    }
}
