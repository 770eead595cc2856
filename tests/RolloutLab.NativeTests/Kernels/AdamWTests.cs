using RolloutLab.Torch;
using static RolloutLab.NativeTests.Kernels.KernelComparison;

namespace RolloutLab.NativeTests.Kernels;

/// <summary>Clipping and AdamW against the formulas in double.</summary>
public class AdamWTests
{
    // The largest spans several of the blocks that work and summation are cut into; 0 and 1 are the smallest there are.
    private static readonly int[] _sizes = [3, 50_001, 0, 1, 1000];
    private static readonly bool[] _decay = [true, false, true, true, true];

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(1e6)]
    public void Steps_match_the_formulas(double maxGradNorm)
    {
        using var scope = new TensorScope();
        var options = new AdamWOptions(1e-2, 0.9, 0.99, 1e-8, 0.1, maxGradNorm, 0);
        var model = new Model();
        double[][] p = [.. model.Parameters.Select(Values)];
        double[][] m = [.. _sizes.Select(size => new double[size])];
        double[][] v = [.. _sizes.Select(size => new double[size])];
        for (var step = 1; step <= 3; step++)
        {
            var gradients = model.SetGradients((ulong)step);
            var norm = Math.Sqrt(gradients.Sum(gradient => gradient.Sum(g => (double)g * g)));
            Assert.True(model.Step(options with { Step = step }, out var measured));
            Assert.Equal(1, measured / norm, 6);
            var clip = maxGradNorm > 0 && norm > maxGradNorm ? maxGradNorm / norm : 1;
            for (var i = 0; i < _sizes.Length; i++)
            {
                for (var j = 0; j < _sizes[i]; j++)
                {
                    var g = gradients[i][j] * clip;
                    m[i][j] = 0.9 * m[i][j] + 0.1 * g;
                    v[i][j] = 0.99 * v[i][j] + 0.01 * g * g;
                    var direction = m[i][j] / (1 - Math.Pow(0.9, step)) / (Math.Sqrt(v[i][j] / (1 - Math.Pow(0.99, step))) + 1e-8);
                    p[i][j] = p[i][j] * (_decay[i] ? 1 - 1e-3 : 1) - 1e-2 * direction;
                }

                AssertClose($"parameter {i} after step {step}", torch.tensor<double>(p[i]), model.Parameters[i].detach(), 1e-6);
                Assert.Equal(gradients[i], model.Parameters[i].grad()!.ToArray<float>());
            }
        }
    }

    [Fact]
    public void Without_a_gradient_moments_fade_and_weights_decay()
    {
        using var scope = new TensorScope();
        var weight = torch.tensor<float>([2]).requires_grad_();
        var (first, second) = (torch.tensor<float>([1]), torch.tensor<float>([4]));
        // m = 0.5, v = 1, corrections 0.75 and 0.9375 at step 2: 2 (1 - 0.1 * 0.5) - 0.1 (0.5 / 0.75) / sqrt(1 / 0.9375).
        Assert.True(fused.adamw_step([weight], [first], [second], [true], new(0.1, 0.5, 0.25, 0, 0.5, 1, 2), out var norm));
        Assert.Equal(0, norm);
        Assert.Equal(0.5, first.item(), 6);
        Assert.Equal(1, second.item(), 6);
        Assert.Equal(1.9 - 0.1 * (0.5 / 0.75) / Math.Sqrt(1 / 0.9375), weight.item(), 5);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_norm_that_is_not_finite_changes_nothing(float broken)
    {
        using var scope = new TensorScope();
        var model = new Model();
        model.SetGradients(1);
        model.Parameters[1].grad()!.narrow(0, 40_000, 1).fill_(broken);
        double[][] before = [.. model.State.Select(Values)];
        Assert.False(model.Step(new(0.1, 0.9, 0.99, 1e-8, 0.1, 1, 1), out var norm));
        Assert.False(double.IsFinite(norm));
        Assert.Equal(before, model.State.Select(Values));
    }

    [Fact]
    public void Results_do_not_depend_on_the_number_of_threads()
    {
        using var scope = new TensorScope();
        var threads = TorchRuntime.Threads();
        try
        {
            Assert.Equal(Run(1), Run(3));
        }
        finally
        {
            TorchRuntime.SetThreads(threads);
        }

        static double[][] Run(int threads)
        {
            TorchRuntime.SetThreads(threads);
            var model = new Model();
            model.SetGradients(1);
            Assert.True(model.Step(new(0.1, 0.9, 0.99, 1e-8, 0.1, 0.5, 1), out var norm));
            return [[norm], .. model.State.Select(Values)];
        }
    }

    [Fact]
    public void State_of_another_shape_is_refused()
    {
        using var scope = new TensorScope();
        var weight = torch.zeros([2, 3]).requires_grad_();
        var (same, other) = (torch.zeros([2, 3]), torch.zeros([3, 2]));
        var error = Assert.Throws<TorchException>(
            () => fused.adamw_step([weight], [same], [other], [true], new(0.1, 0.9, 0.99, 1e-8, 0, 0, 1), out _));
        Assert.Contains("second moment 0", error.Message);
    }

    private static double[] Values(Tensor tensor) => [.. tensor.detach().ToArray<float>().Select(value => (double)value)];

    /// <summary>Parameters of <see cref="_sizes"/> with their moments.</summary>
    private sealed class Model
    {
        private readonly Tensor[] _first = [.. _sizes.Select(size => torch.zeros([size]))];
        private readonly Tensor[] _second = [.. _sizes.Select(size => torch.zeros([size]))];

        public Tensor[] Parameters { get; } = [.. _sizes.Select((size, i) => Random(50 + (ulong)i, size).requires_grad_())];

        public Tensor[] State => [.. Parameters, .. _first, .. _second];

        public float[][] SetGradients(ulong seed)
        {
            torch.zero_grad(Parameters);
            float[][] gradients = [.. _sizes.Select((size, i) => Numbers(seed * 100 + (ulong)i, size, 0.1))];
            for (var i = 0; i < Parameters.Length; i++)
            {
                Parameters[i].backward(torch.tensor<float>(gradients[i]));
            }

            return gradients;
        }

        public bool Step(AdamWOptions options, out double norm) =>
            fused.adamw_step(Parameters, _first, _second, _decay, options, out norm);
    }
}
