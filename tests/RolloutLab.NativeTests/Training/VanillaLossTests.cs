using RolloutLab.Recipes;
using RolloutLab.Torch;
using RolloutLab.Training;

namespace RolloutLab.NativeTests.Training;

/// <summary>Golden values worked out by hand from the formula, six decimals.</summary>
public class VanillaLossTests
{
    private static readonly float[] LogProbs = [-.5f, -1, -2, -.2f, -.7f];
    private static readonly float[] OldLogProbs = [-.9f, -1, -1.2f, -.6f, -.5f];
    private static readonly float[] Advantages = [1, 1, 1, -.5f, -.5f];
    private static readonly VanillaLossSection Section = new()
    {
        ClipLow = 0.2, ClipHigh = 0.28, DualClip = 3, Aggregation = LossAggregation.TokenMean,
        KlCoefficient = 0, KlEstimator = KlEstimator.K3, EntropyCoefficient = 0,
    };

    [Theory]
    [InlineData(new[] { .2f, .2f, .2f, .2f, .2f }, -.314810)]
    [InlineData(new[] { 1 / 6f, 1 / 6f, 1 / 6f, 1 / 4f, 1 / 4f }, -.166069)]
    [InlineData(new[] { 1f, 0, 0, 0, 0 }, -1.28)]
    [InlineData(new[] { 0f, 0, 1, 0, 0 }, -.449329)]
    [InlineData(new[] { 0f, 0, 0, 1, 0 }, .745912)]
    [InlineData(new[] { 0f, 0, 0, 0, 1 }, .409365)]
    public void Matches_golden_values(float[] weights, double expected)
    {
        using var scope = new TensorScope();

        Assert.Equal(expected, Compute(LogProbs, OldLogProbs, Advantages, weights, out _).Loss.item(), 1e-6);
    }

    [Fact]
    public void Gradient_is_the_ratio_where_unclipped_and_zero_where_clipped()
    {
        using var scope = new TensorScope();
        var outputs = Compute(LogProbs, OldLogProbs, Advantages, [1, 1, 1, 1, 1], out var logProbs);

        outputs.Loss.backward();

        // d/dl of -A r is -A r; the first token (A > 0, r above 1.28) is clipped.
        double[] expected = [0, -1, -.449329, .745912, .409365];
        Assert.All(expected.Zip(logProbs.grad()!.ToArray<float>()), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void Dual_clip_bounds_the_loss_of_negative_advantages_and_stops_their_gradient()
    {
        using var scope = new TensorScope();
        var outputs = Compute([0], [-2], [-1], [1], out var logProbs);
        outputs.Loss.backward();

        Assert.Equal(3, outputs.Loss.item(), 1e-6);
        Assert.Equal([0f], logProbs.grad()!.ToArray<float>());
        Assert.Equal(1, outputs.Metrics.Single(m => m.Key == "actor/pg_clipfrac_lower").Value);
    }

    [Fact]
    public void Huge_log_ratios_stay_finite()
    {
        using var scope = new TensorScope();

        Assert.Equal(Math.Exp(20), Compute([0], [-1000], [-1], [1], out _, Section with { DualClip = 0 }).Loss.item(), 1e4);
    }

    private static LossOutputs Compute(
        float[] logProbs, float[] old, float[] advantages, float[] weights, out Tensor leaf, VanillaLossSection? section = null)
    {
        leaf = torch.tensor<float>(logProbs).requires_grad_();
        var inputs = new LossInputs(leaf, torch.zeros(leaf.shape), torch.tensor<float>(old), torch.tensor<float>(advantages), torch.tensor<float>(weights), null);
        return new VanillaLoss(section ?? Section).Compute(inputs);
    }
}
