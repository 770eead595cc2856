using System.Runtime.InteropServices;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Torch;

public class TensorDataTests
{
    [Fact]
    public void Every_element_type_survives_the_way_in_and_out()
    {
        RoundTrip<byte>([0, 1, 255], ScalarType.Byte);
        RoundTrip<sbyte>([-128, 0, 127], ScalarType.Int8);
        RoundTrip<short>([short.MinValue, 0, short.MaxValue], ScalarType.Int16);
        RoundTrip<int>([int.MinValue, 0, int.MaxValue], ScalarType.Int32);
        RoundTrip<long>([long.MinValue, 0, long.MaxValue], ScalarType.Int64);
        RoundTrip<Half>([(Half)0.1f, Half.MaxValue, Half.NegativeInfinity], ScalarType.Float16);
        RoundTrip<float>([float.Epsilon, -0f, float.MaxValue], ScalarType.Float32);
        RoundTrip<double>([double.Epsilon, -1, double.MaxValue], ScalarType.Float64);
        RoundTrip<bool>([true, false, true], ScalarType.Bool);
    }

    [Fact]
    public void BFloat16_crosses_as_raw_bytes_and_is_the_upper_half_of_a_single()
    {
        using var scope = new TensorScope();
        ReadOnlySpan<ushort> halves = [0x3F80, 0xC040, 0x0001];
        var tensor = torch.from_bytes(MemoryMarshal.AsBytes(halves), [3], ScalarType.BFloat16);
        Assert.Equal(MemoryMarshal.AsBytes(halves), tensor.ToArray<byte>());
        var widened = tensor.to(ScalarType.Float32).ToArray<float>();
        Assert.Equal([1f, -3f, BitConverter.UInt32BitsToSingle(0x00010000)], widened);
        Assert.Throws<ArgumentException>(() => tensor.ToArray<Half>());
    }

    [Fact]
    public void Shape_dtype_and_device_are_what_was_asked_for()
    {
        using var scope = new TensorScope();
        var tensor = torch.zeros([2, 0, 5], ScalarType.Int16);
        Assert.Equal([2L, 0, 5], tensor.shape);
        Assert.Equal((3, 0L, 5L, 2L), (tensor.ndim, tensor.numel(), tensor.size(-1), tensor.size(0)));
        Assert.Equal((ScalarType.Int16, Device.Cpu), (tensor.dtype, tensor.device));
        Assert.Equal("Int16 [2, 0, 5] cpu", tensor.ToString());
        Assert.Empty(tensor.ToArray<short>());
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.size(3));
        Assert.Equal(0, torch.full([], 2.5).ndim);
    }

    [Fact]
    public void Data_is_copied_in_and_read_in_row_major_order_from_views()
    {
        using var scope = new TensorScope();
        float[] data = [1, 2, 3, 4, 5, 6];
        var tensor = torch.tensor<float>(data, [2, 3]);
        data[0] = 99;
        Assert.Equal([1f, 4f, 2f, 5f, 3f, 6f], tensor.transpose(0, 1).ToArray<float>());
        Assert.Equal([2f, 5f], tensor.narrow(1, 1, 1).ToArray<float>());
        Assert.Equal([2f, 5f], tensor.narrow(1, 1, 1).contiguous().reshape(-1).ToArray<float>());
    }

    [Fact]
    public void Writing_through_a_view_reaches_the_tensor_and_a_clone_stays_apart()
    {
        using var scope = new TensorScope();
        var tensor = torch.zeros([2, 2]);
        var clone = tensor.clone();
        tensor.narrow(1, 1, 1).CopyFrom<float>([7, 8]);
        tensor.narrow(0, 0, 1).narrow(1, 0, 1).fill_(3);
        Assert.Equal([3f, 7f, 0f, 8f], tensor.ToArray<float>());
        Assert.Equal([0f, 0f, 0f, 0f], clone.ToArray<float>());
        clone.copy_(torch.tensor<long>([1, 2]));
        Assert.Equal([1f, 2f, 1f, 2f], clone.ToArray<float>());
    }

    [Fact]
    public void Buffers_of_another_length_or_type_are_refused()
    {
        using var scope = new TensorScope();
        var tensor = torch.zeros([3]);
        Assert.Throws<ArgumentException>(() => tensor.CopyTo(new float[2].AsSpan()));
        Assert.Throws<ArgumentException>(() => tensor.CopyFrom<float>(new float[4]));
        Assert.Throws<ArgumentException>(() => tensor.ToArray<double>());
        Assert.Throws<ArgumentException>(() => torch.tensor<char>(['a']));
        Assert.Throws<TorchException>(() => tensor.item());
    }

    [Fact]
    public void Conversion_rounds_and_truncates_as_the_types_do()
    {
        using var scope = new TensorScope();
        var tensor = torch.tensor<double>([-1.75, 0.1, 300]);
        Assert.Equal([-1L, 0, 300], tensor.to(ScalarType.Int64).ToArray<long>());
        Assert.Equal([-1.75f, 0.1f, 300f], tensor.to(ScalarType.Float32).ToArray<float>());
        Assert.Equal([true, true, true], tensor.to(ScalarType.Bool).ToArray<bool>());
    }

    [Fact]
    public void Not_a_number_and_infinity_are_found()
    {
        using var scope = new TensorScope();
        Assert.True(torch.tensor<float>([1, float.MaxValue]).isfinite_all());
        Assert.True(torch.zeros([0]).isfinite_all());
        Assert.False(torch.tensor<float>([1, float.NaN]).isfinite_all());
        Assert.False(torch.tensor<float>([float.NegativeInfinity]).isfinite_all());
        Assert.Equal([true, false], torch.tensor<float>([1, float.NaN]).isfinite().ToArray<bool>());
    }

    [Theory]
    [InlineData("cpu", DeviceType.Cpu, 0)]
    public void Device_names_parse_and_print(string name, DeviceType type, int index)
    {
        Assert.Equal(new Device(type, index), Device.Parse(name));
        Assert.Equal(name, Device.Parse(name).ToString());
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("CPU")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:1000")]
    public void Unknown_and_absent_devices_are_setup_errors_that_name_the_text(string name)
    {
        var error = Assert.Throws<Core.SetupException>(() => Device.Parse(name));
        Assert.Contains($"'{name}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Auto_is_the_first_gpu_where_there_is_one()
    {
        var expected = TorchRuntime.CudaDeviceCount() > 0 ? Device.Cuda(0) : Device.Cpu;
        Assert.Equal(expected, Device.Parse("auto"));
    }

    private static void RoundTrip<T>(ReadOnlySpan<T> values, ScalarType expected)
        where T : unmanaged
    {
        using var scope = new TensorScope();
        var tensor = torch.tensor(values);
        Assert.Equal(expected, tensor.dtype);
        Assert.Equal(values.ToArray(), tensor.ToArray<T>());
    }
}
