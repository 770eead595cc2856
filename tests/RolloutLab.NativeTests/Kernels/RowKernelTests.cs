using RolloutLab.Torch;
using static RolloutLab.NativeTests.Kernels.KernelComparison;

namespace RolloutLab.NativeTests.Kernels;

/// <summary>Kernels that work token by token.</summary>
public class RowKernelTests
{
    [Theory]
    [InlineData(0, 16)]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(5, 33)]
    [InlineData(700, 64)]
    public void Norms_match_their_definition_and_its_gradients(long rows, long width)
    {
        using var scope = new TensorScope();
        Tensor[] inputs = [Random(1, rows, width), Random(2, width), Random(3, rows, width)];
        AssertMatches(
            [inputs[0], inputs[1]],
            given => [fused.rms_norm(given[0], given[1], 1e-3)],
            given => [References.RmsNorm(given[0], given[1], 1e-3)]);
        AssertMatches(
            inputs,
            given =>
            {
                var (sum, normed) = fused.add_rms_norm(given[0], given[2], given[1], 1e-3);
                return [sum, normed];
            },
            given => [given[0] + given[2], References.RmsNorm(given[0] + given[2], given[1], 1e-3)]);
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(3, 1)]
    [InlineData(9, 37)]
    [InlineData(600, 64)]
    public void SwiGlu_matches_its_definition_and_its_gradients(long rows, long width)
    {
        using var scope = new TensorScope();
        AssertMatches([Random(1, rows, 2 * width) * 4.0], given => [fused.swiglu(given[0])], given => [References.SwiGlu(given[0])]);
    }

    [Fact]
    public void SwiGlu_of_extreme_gates_stays_finite()
    {
        using var scope = new TensorScope();
        var gateUp = torch.tensor<float>([-1e4f, -90, 90, 1e4f, 1, 2, 3, 4], [1, 8]).requires_grad_();
        var result = fused.swiglu(gateUp);
        Assert.Equal([0f, 0f, 270f, 4e4f], result.ToArray<float>().Select(value => MathF.Abs(value) < 1e-30f ? 0 : value));
        result.sum().backward();
        Assert.True(gateUp.grad()!.isfinite_all());
    }

    [Theory]
    [InlineData(0, 16, false, false)]
    [InlineData(1, 2, true, false)]
    [InlineData(7, 6, false, true)]
    [InlineData(40, 20, true, true)]
    [InlineData(300, 64, true, true)]
    [InlineData(300, 32, false, false)]
    public void Split_qkv_rope_matches_norm_and_rotation_of_the_parts(int rows, long headSize, bool normQ, bool normK)
    {
        const int qHeads = 6, kvHeads = 2, table = 40;
        using var scope = new TensorScope();
        float[] angles = Numbers(5, table * headSize / 2, 4);
        var cos = torch.tensor<float>([.. angles.Select(MathF.Cos)], [table, headSize / 2]);
        var sin = torch.tensor<float>([.. angles.Select(MathF.Sin)], [table, headSize / 2]);
        int[] positions = [.. Enumerable.Range(0, rows).Select(row => row * 7 % table)];
        var places = torch.tensor<long>([.. positions.Select(position => (long)position)]);
        var exactCos = cos.to(ScalarType.Float64).index_select(0, places).reshape(rows, 1, headSize / 2);
        var exactSin = sin.to(ScalarType.Float64).index_select(0, places).reshape(rows, 1, headSize / 2);
        List<Tensor> inputs = [Random(1, rows, (qHeads + 2 * kvHeads) * headSize)];
        var qAt = normQ ? Add(Random(2, headSize)) : 0;
        var kAt = normK ? Add(Random(3, headSize)) : 0;

        AssertMatches([.. inputs], Kernel, Reference);

        int Add(Tensor weight)
        {
            inputs.Add(weight);
            return inputs.Count - 1;
        }

        Tensor[] Kernel(Tensor[] given)
        {
            var (q, k, v) = fused.split_qkv_rope(
                given[0], normQ ? given[qAt] : null, normK ? given[kAt] : null, 1e-3, cos, sin, positions, qHeads, kvHeads);
            return [q, k, v];
        }

        Tensor[] Reference(Tensor[] given)
        {
            var q = given[0].narrow(1, 0, qHeads * headSize).reshape(rows, qHeads, headSize);
            var k = given[0].narrow(1, qHeads * headSize, kvHeads * headSize).reshape(rows, kvHeads, headSize);
            var v = given[0].narrow(1, (qHeads + kvHeads) * headSize, kvHeads * headSize).reshape(rows, kvHeads, headSize);
            q = normQ ? References.RmsNorm(q, given[qAt], 1e-3) : q;
            k = normK ? References.RmsNorm(k, given[kAt], 1e-3) : k;
            return [References.Rotate(q, exactCos, exactSin), References.Rotate(k, exactCos, exactSin), v];
        }
    }

    [Fact]
    public void Gradients_match_finite_differences()
    {
        using var scope = new TensorScope();
        AssertMatchesFiniteDifferences(
            [Random(1, 5, 24), Random(2, 24)], given => [fused.swiglu(fused.rms_norm(given[0], given[1], 1e-3))]);
    }

    [Fact]
    public void Wrong_operands_are_named_in_one_line()
    {
        using var scope = new TensorScope();
        var x = Random(1, 4, 6);
        var weight = Random(2, 6);
        Assert.Contains("x must be a contiguous float32 CPU tensor", Message(() => fused.rms_norm(x.transpose(0, 1), weight, 1e-5)));
        Assert.Contains("Double", Message(() => fused.rms_norm(x.to(ScalarType.Float64), weight, 1e-5)));
        Assert.Contains("weight has size 5", Message(() => fused.rms_norm(x, Random(3, 5), 1e-5)));
        Assert.Contains("residual has size 3", Message(() => fused.add_rms_norm(x, Random(3, 3, 6), weight, 1e-5)));
        Assert.Contains("even number", Message(() => fused.swiglu(Random(3, 2, 5))));
        Assert.Contains(
            "position 9 of token 1",
            Message(() => fused.split_qkv_rope(Random(3, 2, 12), null, null, 1e-5, Random(4, 9, 2), Random(5, 9, 2), [0, 9], 1, 1)));

        static string Message(Func<object> call)
        {
            var message = Assert.Throws<TorchException>(call).Message;
            Assert.DoesNotContain('\n', message);
            return message;
        }
    }
}
