using RolloutLab.Allocation;

namespace RolloutLab.UnitTests.Allocation;

/// <summary>The published value of rollouts: golden figures and the rules behind them.</summary>
public class GradientOddsTests
{
    [Theory]
    [InlineData(8, 0.5, 0.992188)]
    [InlineData(8, 0.05, 0.336580)]
    [InlineData(64, 0.05, 0.962476)]
    [InlineData(8, 0.01, 0.077255)]
    [InlineData(1, 0.5, 0)]
    [InlineData(0, 0.5, 0)]
    [InlineData(8, 0, 0)]
    [InlineData(8, 1, 0)]
    public void Probability_of_a_gradient_is_golden(int n, double p, double expected) =>
        Assert.Equal(expected, GradientOdds.NonZero(n, p), 6);

    [Fact]
    public void Value_at_a_fixed_large_count_peaks_at_one_third()
    {
        var best = Enumerable.Range(1, 2999).MaxBy(k => GradientOdds.Value(4000, k / 3000.0));
        Assert.Equal(1000, best);
    }

    [Theory]
    [InlineData(1e-9, 8, 8e-9)]
    [InlineData(1e-12, 1000, 1e-9)]
    public void Tiny_rates_keep_their_digits(double p, int n, double expected)
    {
        Assert.Equal(1, GradientOdds.NonZero(n, p) / expected, 6);
        Assert.Equal(1, GradientOdds.NonZero(n, 1 - p) / expected, 1e-3);
    }

    [Theory]
    [InlineData(0.5, 4)] // ln 0.1 / ln 0.5 = 3.32
    [InlineData(0.1, 22)] // ln 0.1 / ln 0.9 = 21.85
    [InlineData(0.9, 22)]
    [InlineData(0.025, 91)] // ln 0.1 / ln 0.975 = 90.95
    public void Confident_count_is_that_of_the_rarer_outcome(double p, int expected) =>
        Assert.Equal(expected, GradientOdds.ConfidentCount(p, 0.9));

    [Fact]
    public void Expected_rollouts_until_both_match_a_sum()
    {
        // E[N] = Σ_{n≥0} P(not both after n) = 1 + 1 + Σ_{n≥2} (pⁿ + qⁿ).
        const double p = 0.3;
        var sum = 2 + Enumerable.Range(2, 2000).Sum(n => Math.Pow(p, n) + Math.Pow(1 - p, n));
        Assert.Equal(sum, GradientOdds.ExpectedUntilBoth(p), 9);
    }

    [Fact]
    public void Marginals_are_the_differences_of_the_values_and_fall_from_one_on()
    {
        foreach (var p in new[] { 1e-6, 0.01, 0.2, 1.0 / 3, 0.5, 0.77, 0.999 })
        {
            var value = new SuccessRateValue([p]);
            for (var n = 1; n < 200; n++)
            {
                Assert.Equal(value.Value(0, n + 1) - value.Value(0, n), value.Marginal(0, n), 12);
                Assert.True(value.Marginal(0, n + 1) <= value.Marginal(0, n));
            }

            Assert.Equal(0, value.Marginal(0, 0));
        }
    }

    [Theory]
    [InlineData(0.5, 0.5)]
    [InlineData(8.5, 0.5)]
    [InlineData(0.5, 8.5)]
    [InlineData(1, 1)]
    [InlineData(3.5, 2.5)]
    [InlineData(2, 40.5)]
    [InlineData(100.5, 200)]
    public void Posterior_expectations_match_numeric_integration(double a, double b)
    {
        var posterior = new PosteriorValue([a], [b]);
        var row = new double[130];
        posterior.Fill(0, row);
        foreach (var n in new[] { 0, 1, 2, 3, 8, 32, 129 })
        {
            var expected = Expectation(a, b, p => GradientOdds.Value(n, p));
            Assert.Equal(expected, posterior.Value(0, n), 1e-10);
            Assert.Equal(posterior.Value(0, n), row[n], 14);
            var marginal = Expectation(a, b, p => GradientOdds.Value(n + 1, p) - GradientOdds.Value(n, p));
            Assert.Equal(marginal, posterior.Marginal(0, n), 1e-10);
        }
    }

    [Fact]
    public void Failures_alone_leave_a_positive_value_that_falls()
    {
        var posterior = new PosteriorValue([0.5, 0.5, 0.5], [8.5, 16.5, 64.5]);
        Assert.True(posterior.Value(0, 8) > posterior.Value(1, 8) && posterior.Value(1, 8) > posterior.Value(2, 8) && posterior.Value(2, 8) > 0);
    }

    // p = sin²θ turns the density into 2 sin^(2a−1) cos^(2b−1), smooth for half-integer parameters; Simpson's rule.
    private static double Expectation(double a, double b, Func<double, double> f)
    {
        const int steps = 200_000;
        double weighted = 0, total = 0;
        for (var k = 0; k <= steps; k++)
        {
            var theta = Math.PI / 2 * k / steps;
            var (sin, cos) = (Math.Sin(theta), k == steps ? 0 : Math.Cos(theta));
            var weight = (k == 0 || k == steps ? 1 : k % 2 == 1 ? 4 : 2) * Math.Pow(sin, (2 * a) - 1) * Math.Pow(cos, (2 * b) - 1);
            (weighted, total) = (weighted + (weight * f(sin * sin)), total + weight);
        }

        return weighted / total;
    }
}
