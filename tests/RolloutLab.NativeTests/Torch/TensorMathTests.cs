using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Torch;

public class TensorMathTests
{
    [Fact]
    public void Unary_operations_match_the_math_library()
    {
        using var scope = new TensorScope();
        double[] values = [0.25, 1, 3.5];
        var x = torch.tensor<double>(values);
        Near(values, x.neg(), v => -v);
        Near(values, x.exp(), Math.Exp);
        Near(values, x.log(), Math.Log);
        Near(values, x.sqrt(), Math.Sqrt);
        Near(values, (-x).abs(), Math.Abs);
        Near(values, x.reciprocal(), v => 1 / v);
        Near(values, x.square(), v => v * v);
        Near(values, x.sigmoid(), v => 1 / (1 + Math.Exp(-v)));
        Near(values, x.tanh(), Math.Tanh);
        Near(values, x.silu(), v => v / (1 + Math.Exp(-v)));
        Near(values, x.pow(1.5), v => Math.Pow(v, 1.5));
    }

    [Fact]
    public void Operators_keep_the_order_of_their_operands()
    {
        using var scope = new TensorScope();
        var a = torch.tensor<float>([6, 8]);
        var b = torch.tensor<float>([2, 4]);
        Assert.Equal([8f, 12f], (a + b).ToArray<float>());
        Assert.Equal([4f, 4f], (a - b).ToArray<float>());
        Assert.Equal([12f, 32f], (a * b).ToArray<float>());
        Assert.Equal([3f, 2f], (a / b).ToArray<float>());
        Assert.Equal([5f, 7f], (a - 1).ToArray<float>());
        Assert.Equal([-5f, -7f], (1 - a).ToArray<float>());
        Assert.Equal([3f, 4f], (a / 2).ToArray<float>());
        Assert.Equal([4f, 3f], (24 / a).ToArray<float>());
        Assert.Equal([-6f, -8f], (-a).ToArray<float>());
    }

    [Fact]
    public void Comparisons_and_choices_agree_with_the_operands()
    {
        using var scope = new TensorScope();
        var a = torch.tensor<int>([1, 2, 3]);
        var b = torch.tensor<int>([3, 2, 1]);
        Assert.Equal([false, false, true], a.gt(b).ToArray<bool>());
        Assert.Equal([false, true, true], a.ge(b).ToArray<bool>());
        Assert.Equal([true, false, false], a.lt(b).ToArray<bool>());
        Assert.Equal([true, true, false], a.le(b).ToArray<bool>());
        Assert.Equal([false, true, false], a.eq(b).ToArray<bool>());
        Assert.Equal([true, false, true], a.ne(b).ToArray<bool>());
        Assert.Equal([false, false, true], a.gt(2).ToArray<bool>());
        Assert.Equal([1, 2, 1], a.minimum(b).ToArray<int>());
        Assert.Equal([3, 2, 3], a.maximum(b).ToArray<int>());
        Assert.Equal([2, 2, 3], a.maximum(2).ToArray<int>());
        Assert.Equal([1, 2, 2], a.minimum(2).ToArray<int>());
        Assert.Equal([2, 2, 2], a.clamp(2, 2).ToArray<int>());
        Assert.Equal([3, 2, 3], torch.where(a.gt(b), a, b).ToArray<int>());
    }

    [Fact]
    public void Whole_numbers_keep_an_integer_dtype_and_others_do_not()
    {
        using var scope = new TensorScope();
        var x = torch.tensor<long>([(1L << 60) + 1]);
        Assert.Equal([(1L << 60) + 2], (x + 1).ToArray<long>());
        Assert.Equal(ScalarType.Float32, (x + 0.5).dtype);
        Assert.Equal(ScalarType.Float32, (x / 2).dtype);
    }

    [Fact]
    public void Reductions_run_over_all_or_one_dimension()
    {
        using var scope = new TensorScope();
        var x = torch.tensor<float>([1, 5, 3, 4, 2, 9], [2, 3]);
        Assert.Equal(24, x.sum().item());
        Assert.Equal(4, x.mean().item());
        Assert.Equal(9, x.max().item());
        Assert.Equal(1, x.min().item());
        Assert.Equal(5, x.argmax().item());
        Assert.Equal([9f, 15f], x.sum(1).ToArray<float>());
        Assert.Equal([2.5f, 3.5f, 6f], x.mean(0).ToArray<float>());
        Assert.Equal([5f, 9f], x.max(-1).ToArray<float>());
        Assert.Equal([1f, 2f, 3f], x.min(0).ToArray<float>());
        Assert.Equal([1L, 2L], x.argmax(1).ToArray<long>());
        Assert.Equal([2L, 1], x.sum(1, keepdim: true).shape);
    }

    [Fact]
    public void Products_and_joins_match_hand_computed_numbers()
    {
        using var scope = new TensorScope();
        var a = torch.tensor<float>([1, 2, 3, 4], [2, 2]);
        var b = torch.tensor<float>([0, 1, 1, 0], [2, 2]);
        Assert.Equal([2f, 1f, 4f, 3f], torch.matmul(a, b).ToArray<float>());
        Assert.Equal([2f, 1f, 4f, 3f], torch.linear(a, b).ToArray<float>());
        Assert.Equal([12f, 21f, 14f, 23f], torch.linear(a, b, torch.tensor<float>([10, 20])).ToArray<float>());
        Assert.Equal([1f, 2f, 0f, 1f, 3f, 4f, 1f, 0f], torch.cat([a, b], 1).ToArray<float>());
        Assert.Equal([4L, 2], torch.cat([a, b]).shape);
        Assert.Equal([3f, 4f, 1f, 2f, 3f, 4f], a.index_select(0, torch.tensor<long>([1, 0, 1])).ToArray<float>());
        Assert.Equal([2f, 3f], a.gather(1, torch.tensor<long>([1, 0], [2, 1])).ToArray<float>());
        Assert.Equal([0, 2, 4], torch.arange(0, 6, 2, ScalarType.Int32).ToArray<int>());
    }

    [Fact]
    public void Softmax_and_its_logarithm_survive_large_logits()
    {
        using var scope = new TensorScope();
        var x = torch.tensor<float>([1000, 1000, -1000], [1, 3]);
        Assert.Equal([0.5f, 0.5f, 0f], x.softmax(1).ToArray<float>());
        var logs = x.log_softmax(1).ToArray<float>();
        Assert.Equal(-Math.Log(2), logs[0], 6);
        Assert.Equal(-2000 - Math.Log(2), logs[2], 3);
    }

    private static void Near(double[] inputs, Tensor actual, Func<double, double> expected)
    {
        var values = actual.ToArray<double>();
        for (var index = 0; index < inputs.Length; index++)
        {
            Assert.Equal(expected(inputs[index]), values[index], 12);
        }
    }
}
