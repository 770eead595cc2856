using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Kernels;

/// <summary>An operation from inputs to outputs, to be run in Float32 by a kernel and in Float64 by composed operations.</summary>
internal delegate Tensor[] Operation(Tensor[] inputs);

/// <summary>Compares fused kernels and their gradients with references.</summary>
internal static class KernelComparison
{
    /// <summary>Numbers in [-scale, scale), the same for the same seed on every machine.</summary>
    public static float[] Numbers(ulong seed, long count, double scale = 1.5)
    {
        var numbers = new float[count];
        var state = seed;
        for (var i = 0L; i < count; i++)
        {
            numbers[i] = (float)((Uniform(ref state) * 2 - 1) * scale);
        }

        return numbers;
    }

    /// <summary>The next number in [0, 1) of a SplitMix64 sequence.</summary>
    public static double Uniform(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1L << 53));
    }

    /// <summary>A Float32 tensor of <see cref="Numbers"/>.</summary>
    public static Tensor Random(ulong seed, params long[] shape) =>
        torch.tensor<float>(Numbers(seed, shape.Aggregate(1L, (product, size) => product * size)), shape);

    /// <summary>Outputs, and gradients of a randomly weighted sum of them, agree with the reference in Float64.</summary>
    public static void AssertMatches(Tensor[] inputs, Operation kernel, Operation reference, double tolerance = 2e-5)
    {
        Tensor[] single = [.. inputs.Select(input => input.clone().requires_grad_())];
        Tensor[] exact = [.. inputs.Select(input => input.to(ScalarType.Float64).requires_grad_())];
        var actual = kernel(single);
        var expected = reference(exact);
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < actual.Length; i++)
        {
            Assert.Equal(expected[i].shape.ToArray(), actual[i].shape.ToArray());
            AssertClose($"output {i}", expected[i], actual[i], tolerance);
        }

        WeightedSum(actual).backward();
        WeightedSum(expected).backward();
        for (var i = 0; i < inputs.Length; i++)
        {
            // Without tokens the reference may not touch an input at all.
            var gradient = exact[i].grad() ?? torch.zeros(inputs[i].shape, ScalarType.Float64);
            AssertClose($"gradient {i}", gradient, single[i].grad()!, tolerance);
        }
    }

    /// <summary>The kernel's directional derivatives along each input agree with central differences in Float32.</summary>
    public static void AssertMatchesFiniteDifferences(Tensor[] inputs, Operation kernel)
    {
        const double step = 5e-3;
        Tensor[] leaves = [.. inputs.Select(input => input.clone().requires_grad_())];
        WeightedSum(kernel(leaves)).backward();
        for (var i = 0; i < inputs.Length; i++)
        {
            var direction = Random(900 + (ulong)i, inputs[i].shape.ToArray());
            var slope = (leaves[i].grad()! * direction).sum().item();
            var difference = (Moved(step) - Moved(-step)) / (2 * step);
            Assert.True(
                Math.Abs(slope - difference) <= 5e-3 * Math.Max(1, Math.Abs(slope)),
                $"input {i}: gradient {slope}, difference {difference}");

            double Moved(double distance)
            {
                using var scope = new TensorScope();
                using var off = torch.no_grad();
                Tensor[] moved = [.. inputs];
                moved[i] = inputs[i] + direction * distance;
                return WeightedSum(kernel(moved)).item();
            }
        }
    }

    /// <summary>All elements differ by at most the tolerance times the largest of the expected ones (at least 0.1).</summary>
    public static void AssertClose(string what, Tensor expected, Tensor actual, double tolerance)
    {
        if (expected.numel() == 0)
        {
            return;
        }

        var scale = Math.Max(0.1, expected.abs().max().item());
        var error = (actual.to(ScalarType.Float64) - expected.to(ScalarType.Float64)).abs().max().item();
        Assert.True(error <= tolerance * scale, $"{what}: largest difference {error} where values reach {scale}");
    }

    private static Tensor WeightedSum(Tensor[] outputs)
    {
        Tensor? total = null;
        for (var i = 0; i < outputs.Length; i++)
        {
            var weights = Random(700 + (ulong)i, outputs[i].shape.ToArray()).to(ScalarType.Float64);
            var term = (outputs[i].to(ScalarType.Float64) * weights).sum();
            total = total is null ? term : total + term;
        }

        return total!;
    }
}
