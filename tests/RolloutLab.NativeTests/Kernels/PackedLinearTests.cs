using RolloutLab.Torch;
using static RolloutLab.NativeTests.Kernels.KernelComparison;

namespace RolloutLab.NativeTests.Kernels;

/// <summary>The linear map that decoding uses.</summary>
public class PackedLinearTests
{
    [Theory]
    [InlineData(0, 8, 5)]
    [InlineData(1, 1, 1)]
    [InlineData(5, 29, 7)]
    [InlineData(6, 64, 64)]
    [InlineData(97, 65, 33)]
    [InlineData(200, 200, 130)]
    [InlineData(3, 70, 2100)]
    public void It_is_the_product_with_the_weight_plus_the_bias(long rows, long outputs, long depth)
    {
        using var scope = new TensorScope();
        var (x, weight, bias) = (Random(1, rows, depth), Random(2, outputs, depth), Random(3, outputs));
        var packed = fused.pack_linear(weight);
        var (wide, exact) = (x.to(ScalarType.Float64), weight.to(ScalarType.Float64));

        AssertClose("without a bias", torch.linear(wide, exact), fused.packed_linear(x, packed, outputs), 2e-5);
        AssertClose(
            "with a bias", torch.linear(wide, exact, bias.to(ScalarType.Float64)), fused.packed_linear(x, packed, outputs, bias), 2e-5);
    }

    [Fact]
    public void A_row_does_not_depend_on_the_rows_beside_it()
    {
        using var scope = new TensorScope();
        const int rows = 203, depth = 130, outputs = 77;
        var (x, packed) = (Random(1, rows, depth), fused.pack_linear(Random(2, outputs, depth)));
        var all = fused.packed_linear(x, packed, outputs).ToArray<float>();

        for (var row = 0; row < rows; row++)
        {
            var alone = fused.packed_linear(x.narrow(0, row, 1).contiguous(), packed, outputs).ToArray<float>();
            Assert.Equal(all[(row * outputs)..((row + 1) * outputs)], alone);
        }
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_named()
    {
        using var scope = new TensorScope();
        var packed = fused.pack_linear(Random(1, 70, 8));

        Assert.Contains("expected 9", Assert.Throws<TorchException>(() => fused.packed_linear(Random(2, 3, 9), packed, 70)).Message);
        Assert.Contains("700 outputs", Assert.Throws<TorchException>(() => fused.packed_linear(Random(2, 3, 8), packed, 700)).Message);
        Assert.Contains("bias", Assert.Throws<TorchException>(() => fused.packed_linear(Random(2, 3, 8), packed, 70, Random(3, 71))).Message);
    }
}
