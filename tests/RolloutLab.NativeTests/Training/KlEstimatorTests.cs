using RolloutLab.Recipes;
using RolloutLab.Torch;
using RolloutLab.Training;

namespace RolloutLab.NativeTests.Training;

public class KlEstimatorTests
{
    private static readonly float[] LogProbs = [-.5f, -1, -2, -.2f, -.7f];
    private static readonly float[] RefLogProbs = [-.9f, -1, -1.2f, -.6f, -.5f];

    [Theory]
    [InlineData(KlEstimator.K1, -.04)]
    [InlineData(KlEstimator.K2, .1)]
    [InlineData(KlEstimator.K3, .117517)]
    public void Mean_matches_golden_value(KlEstimator estimator, double expected)
    {
        using var scope = new TensorScope();

        var kl = KlEstimators.Estimate(estimator, torch.tensor<float>(LogProbs), torch.tensor<float>(RefLogProbs));

        Assert.Equal(expected, kl.mean().item(), 1e-6);
    }

    [Fact]
    public void K3_is_bounded_for_far_apart_policies()
    {
        using var scope = new TensorScope();

        Assert.Equal(10, KlEstimators.Estimate(KlEstimator.K3, torch.tensor<float>([-500f]), torch.tensor<float>([0f])).item(), 1e-6);
    }
}
