using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

public sealed class MachineInfoTests
{
    private const string CpuInfo = "processor\t: 0\nmodel name\t: A CPU @ 3.00GHz\nflags\t\t: fpu avx2 sse4_2 fma avx512f avx512_vnni\n\nprocessor\t: 1\nmodel name\t: A CPU @ 3.00GHz\n";

    [Fact]
    public void The_processor_is_named_with_the_features_that_libtorch_has_kernels_for()
    {
        var (model, features) = MachineInfo.ParseCpu(CpuInfo);
        Assert.Equal("A CPU @ 3.00GHz", model);
        Assert.Equal(["sse4_2", "avx2", "fma", "avx512f"], features);
    }

    [Fact]
    public void What_the_system_does_not_tell_stays_empty()
    {
        var (model, features) = MachineInfo.ParseCpu("");
        Assert.Null(model);
        Assert.Empty(features);
        Assert.Null(MachineInfo.ParseAvailable("MemTotal: 5 kB\n"));
        Assert.Null(MachineInfo.ParseAvailable("MemAvailable: much\n"));
    }

    [Fact]
    public void Available_memory_is_in_bytes() =>
        Assert.Equal(19_000_320L * 1024, MachineInfo.ParseAvailable("MemTotal:       24646532 kB\nMemAvailable:   19000320 kB\n"));

    [Fact]
    public void This_machine_has_processors_and_memory()
    {
        var machine = MachineInfo.Read();
        Assert.True(machine.CpuCount >= 1);
        Assert.True(machine.MemoryBytes > 1L << 26);
        Assert.True(machine.AvailableBytes is null || machine.AvailableBytes <= machine.MemoryBytes);
    }
}
