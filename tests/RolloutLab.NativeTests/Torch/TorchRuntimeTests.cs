using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Torch;

[Collection(nameof(LiveTensors))]
public class TorchRuntimeTests
{
    [Fact]
    public void The_description_names_the_libraries_in_use()
    {
        var info = TorchRuntime.Info();
        Assert.Matches(@"^\d+\.\d+\.\d+", info.LibtorchVersion);
        Assert.NotEqual("unknown", info.CpuCapability);
        Assert.NotEqual("unknown", info.Blas.Name);
        Assert.Contains("-O3", info.CompileFlags, StringComparison.Ordinal);
        Assert.Equal(TorchRuntime.CudaDeviceCount(), info.CudaDevices.Count);
    }

    [Fact]
    public void Threads_are_set_and_reported()
    {
        var before = TorchRuntime.Threads();
        try
        {
            Assert.Equal(1, TorchRuntime.Initialize(1).AtenThreads);
            Assert.Equal(2, TorchRuntime.Initialize(2).AtenThreads);
            Assert.Equal(2, TorchRuntime.Threads());
            Assert.Throws<ArgumentOutOfRangeException>(() => TorchRuntime.SetThreads(0));
        }
        finally
        {
            TorchRuntime.SetThreads(before);
        }
    }

    [Theory]
    [InlineData(2, "pthread", 2, "pthread")]
    [InlineData(2, "openmp", 1, "OMP_NUM_THREADS=2")]
    public void Slow_settings_are_warned_about(int threads, string flavour, int blasThreads, string expected)
    {
        var warning = Assert.Single(Describe(threads, flavour, blasThreads).Warnings);
        Assert.Contains(expected, warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "pthread", 1)]
    [InlineData(2, "openmp", 2)]
    public void Good_settings_are_not_warned_about(int threads, string flavour, int blasThreads) =>
        Assert.Empty(Describe(threads, flavour, blasThreads).Warnings);

    [Fact]
    public void What_lacks_for_a_gpu_is_named()
    {
        var none = Describe(1, "openmp", 1);
        var built = none with { CudaBuilt = true, CudaDriver = true };
        var ready = built with { CudaCompiler = "/usr/local/cuda/bin/nvcc", CudaDevices = [new CudaDeviceInfo("GPU", 1)] };

        Assert.Equal("LibTorch 1.13.1 is built without CUDA (LIBTORCH=folder takes another), there is no NVIDIA driver (libcuda.so.1)", none.CudaLack);
        Assert.Equal("nvcc was not found when native/ was built, the NVIDIA driver shows no GPU", built.CudaLack);
        Assert.Equal("native/ has no CUDA kernels", ready.CudaLack);
        Assert.Null((ready with { CudaKernels = true }).CudaLack);
    }

    private static TorchRuntimeInfo Describe(int threads, string flavour, int blasThreads) => new(
        "1.13.1",
        "AVX2",
        threads,
        1,
        new BlasInfo("openblas", flavour, "Haswell", "", "", blasThreads),
        Mkldnn: true,
        Openmp: true,
        CudaBuilt: false,
        CudaDevices: [],
        CudaCompiler: "",
        CudaDriver: false,
        CudaKernels: false,
        CompileFlags: "",
        Cxx11Abi: true);
}
