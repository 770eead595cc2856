using RolloutLab.Recipes;
using RolloutLab.Training;

namespace RolloutLab.UnitTests.Training;

public class PolicyObjectiveTests
{
    private static readonly LossSection Section = new() { Policy = new GpgLossSection(), Aggregation = LossAggregation.TokenMean };

    [Theory]
    [InlineData(KlEstimator.K1, -.04, -.016667)]
    [InlineData(KlEstimator.K2, .1, .091667)]
    [InlineData(KlEstimator.K3, .117517, .105574)]
    public void Divergence_matches_the_golden_table(KlEstimator estimator, double tokenMean, double sequenceMean)
    {
        foreach (var (isTokenMean, expected) in new[] { (true, tokenMean), (false, sequenceMean) })
        {
            var batch = LossBatch.Golden(isTokenMean);
            batch = batch with { RefLogProbs = batch.OldLogProbs };
            var plain = Evaluate(Section, batch).Loss;

            var loss = Evaluate(Section with { Kl = new KlSection(2, estimator, KlPlacement.Loss, Unbiased: false) }, batch).Loss;

            Assert.Equal(expected, (loss - plain) / 2, 1e-6);
        }
    }

    [Theory]
    [InlineData(KlEstimator.K1, KlEstimator.K1Plus)]
    [InlineData(KlEstimator.Abs, KlEstimator.AbsPlus)]
    [InlineData(KlEstimator.K2, KlEstimator.K2Plus)]
    [InlineData(KlEstimator.K3, KlEstimator.K3Plus)]
    public void Plus_forms_have_the_value_of_their_estimator_and_the_gradient_of_k2(KlEstimator plain, KlEstimator plus)
    {
        foreach (var d in (double[])[-1.3, -.2, .4, 2])
        {
            Assert.Equal(KlEstimators.Estimate(plain, d).Value, KlEstimators.Estimate(plus, Dual.Variable(d)).Value, 1e-15);
            Assert.Equal(d, KlEstimators.Estimate(plus, Dual.Variable(d)).Derivative, 1e-12);
        }
    }

    [Theory]
    [InlineData(KlEstimator.K1, 1)]
    [InlineData(KlEstimator.Abs, -1)]
    [InlineData(KlEstimator.K2, -.4)]
    [InlineData(KlEstimator.K3, -.4918247)]
    public void Derivatives_of_the_estimators(KlEstimator estimator, double atMinusPointFour) =>
        Assert.Equal(atMinusPointFour, KlEstimators.Estimate(estimator, Dual.Variable(-.4)).Derivative, 1e-7);

    [Fact]
    public void Huge_differences_stay_bounded_in_k3()
    {
        Assert.Equal(10, KlEstimators.Estimate(KlEstimator.K3, -1000).Value);
        Assert.Equal(10, KlEstimators.Estimate(KlEstimator.K3, 1000).Value);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gradient_with_divergence_is_that_of_finite_differences(bool unbiased)
    {
        var section = Section with { Kl = new KlSection(.3, KlEstimator.K3, KlPlacement.Loss, unbiased) };
        var batch = LossBatch.Random(1);
        var (_, gradient, _) = Evaluate(section, batch);
        var flat = batch.LogProbs.SelectMany(s => s).ToArray();
        for (var t = 0; t < flat.Length; t++)
        {
            var difference = Evaluate(section, batch.WithLogProb(t, flat[t] + 1e-6)).Loss - Evaluate(section, batch.WithLogProb(t, flat[t] - 1e-6)).Loss;
            Assert.Equal(difference / 2e-6, gradient[t], 1e-7);
        }
    }

    [Fact]
    public void Entropy_is_rewarded_with_the_weights_of_the_loss()
    {
        var batch = LossBatch.Golden(tokenMean: false) with { Entropy = [[1, 2, 3], [4, 6]] };
        var entropyGradient = new double[5];
        var value = new PolicyObjective(new LikelihoodLoss(), Section with { EntropyCoefficient = .1 })
            .Evaluate(batch.Inputs(), new double[5], entropyGradient, new MetricSums());

        Assert.Equal(.470833 - (.1 * 3.5), value, 1e-6);
        Assert.All(entropyGradient.Zip([-1 / 60.0, -1 / 60.0, -1 / 60.0, -.025, -.025]), p => Assert.Equal(p.Second, p.First, 1e-12));
    }

    [Fact]
    public void Top_entropy_tokens_alone_are_trained_and_the_denominator_stays()
    {
        // The .6 quantile of 1, 2, 3, 4, 6 is 3.4: tokens 3 and 4 stay.
        var batch = LossBatch.Golden(tokenMean: true) with { Entropy = [[1, 2, 3], [4, 6]] };

        var (loss, gradient, metrics) = Evaluate(Section with { TopEntropyQuantile = .4 }, batch);

        Assert.Equal(.2 * ((.5 * -.2) + (.5 * -.7)), loss, 1e-12);
        Assert.Equal([0, 0, 0, .1, .1], gradient);
        Assert.Equal(.6, metrics["actor/low_entropy_masked"], 1e-12);
    }

    [Fact]
    public void Sequences_left_behind_are_dropped_only_when_their_advantage_is_negative()
    {
        var batch = LossBatch.Golden(tokenMean: true) with { RolloutLogProbs = [[-.1, -.1, -.1], [-.1, -.1]] };

        Assert.Equal([-.2, -.2, -.2, 0, 0], Evaluate(Section with { OffPolicyThreshold = .3 }, batch).Gradient);
        Assert.Equal([-.2, -.2, -.2, .1, .1], Evaluate(Section with { OffPolicyThreshold = .4 }, batch).Gradient);
    }

    [Theory]
    [InlineData(CorrectionLevel.Token, CorrectionBound.Truncate, 2, 0.5, 1)]
    [InlineData(CorrectionLevel.Token, CorrectionBound.Mask, 0, 0.5, 1)]
    [InlineData(CorrectionLevel.Sequence, CorrectionBound.Truncate, 1.5, 1.5, 1)]
    [InlineData(CorrectionLevel.Geometric, CorrectionBound.Mask, 1.2247448713915890, 1.2247448713915890, 1)]
    public void Importance_weights_multiply_the_loss(CorrectionLevel level, CorrectionBound bound, double first, double second, double third)
    {
        // Ratios 3 and 1/2 in the first sequence, 1 in the second.
        var batch = new LossBatch
        {
            LogProbs = [[-1, -1], [-1]], OldLogProbs = [[-.5, -1.5], [-1]], Advantages = [[1, 1], [1]], Weights = [[1, 1], [1]],
            RolloutLogProbs = [[-.5 - Math.Log(3), -1.5 + Math.Log(2)], [-1]],
        };
        var correction = new CorrectionSection { Level = level, Bound = bound, Min = 0, Max = 2 };

        Assert.All(Evaluate(Section with { Correction = correction }, batch).Gradient.Zip([-first, -second, -third]), p => Assert.Equal(p.Second, p.First, 1e-12));
    }

    [Fact]
    public void Normalised_weights_have_mean_one_and_their_spread_is_reported()
    {
        var batch = new LossBatch
        {
            LogProbs = [[-1, -1]], OldLogProbs = [[-1, -1]], Advantages = [[1, 1]], Weights = [[1, 1]],
            RolloutLogProbs = [[-1 - Math.Log(1.5), -1 + Math.Log(2)]],
        };
        var section = Section with { Correction = new CorrectionSection { Level = CorrectionLevel.Token, Normalize = true } };

        var (_, gradient, metrics) = Evaluate(section, batch);

        Assert.Equal([-1.5, -.5], gradient.Select(g => Math.Round(g, 12)));
        Assert.Equal(.5, metrics["rollout_corr/rollout_is_std"], 1e-12);
        Assert.Equal(.8, metrics["rollout_corr/rollout_is_eff_sample_size"], 1e-12);
    }

    [Theory]
    [InlineData(KlEstimator.K1, RejectionLevel.SeqSum, .7, 2, new double[] { 0, 0, -1 })]
    [InlineData(KlEstimator.K1, RejectionLevel.SeqMean, .9, 2, new double[] { 0, 0, -1 })]
    [InlineData(KlEstimator.K1, RejectionLevel.SeqMean, .8, 2, new double[] { -1 / 3.0, -1 / 3.0, -1 / 3.0 })]
    [InlineData(KlEstimator.K2, RejectionLevel.Token, 0, .3, new double[] { 0, -.5, -.5 })]
    [InlineData(KlEstimator.K3, RejectionLevel.SeqMax, 0, .5, new double[] { 0, 0, -1 })]
    public void Rejection_leaves_the_denominator_too(KlEstimator estimator, RejectionLevel level, double low, double high, double[] expected)
    {
        // D = ln 3 and -ln 2: k1 mean is -.2027, a ratio of .8165; k2 is .603 and .240; k3 is .901 and .193.
        var batch = new LossBatch
        {
            LogProbs = [[-2, -2], [-2]], OldLogProbs = [[-2, -2], [-2]], Advantages = [[1, 1], [1]], Weights = [[1 / 3.0, 1 / 3.0], [1 / 3.0]],
            RolloutLogProbs = [[-2 - Math.Log(3), -2 + Math.Log(2)], [-2]],
        };
        var reject = new RejectionSection { Estimator = estimator, Level = level, Low = low, High = high };
        var section = Section with { Correction = new CorrectionSection { Level = CorrectionLevel.None, Reject = [reject] } };

        Assert.All(Evaluate(section, batch).Gradient.Zip(expected), p => Assert.Equal(p.Second, p.First, 1e-12));
    }

    /// <summary>Of D = ln 3, -ln 2 and 0 the tokens of k2 up to .3 are the last two, and the sequence of the first two fails k3 .5 at its largest.</summary>
    [Fact]
    public void What_stays_passes_every_criterion()
    {
        var batch = new LossBatch
        {
            LogProbs = [[-2, -2], [-2]], OldLogProbs = [[-2, -2], [-2]], Advantages = [[1, 1], [1]], Weights = [[1 / 3.0, 1 / 3.0], [1 / 3.0]],
            RolloutLogProbs = [[-2 - Math.Log(3), -2 + Math.Log(2)], [-2]],
        };
        var tokens = new RejectionSection { Estimator = KlEstimator.K2, Level = RejectionLevel.Token, Low = 0, High = .3 };
        var sequences = new RejectionSection { Estimator = KlEstimator.K3, Level = RejectionLevel.SeqMax, Low = 0, High = .5 };

        double[] Gradient(params RejectionSection[] criteria) => Evaluate(
            Section with { Correction = new CorrectionSection { Level = CorrectionLevel.None, Reject = ValueList.Create<RejectionSection>(criteria) } }, batch).Gradient;

        Assert.All(Gradient(tokens).Zip([0, -.5, -.5]), p => Assert.Equal(p.Second, p.First, 1e-12));
        Assert.All(Gradient(tokens, sequences).Zip([0, 0, -1.0]), p => Assert.Equal(p.Second, p.First, 1e-12));
        Assert.Equal(Gradient(tokens, sequences), Gradient(sequences, tokens));
    }

    [Fact]
    public void Sequence_means_count_the_sequences_and_tokens_that_stay()
    {
        var batch = new LossBatch
        {
            LogProbs = [[-2, -2], [-2]], OldLogProbs = [[-2, -2], [-2]], Advantages = [[1, 1], [1]], Weights = [[.25, .25], [.5]],
            RolloutLogProbs = [[-3, -2], [-2]],
        };
        var reject = new RejectionSection { Estimator = KlEstimator.K2, Level = RejectionLevel.Token, Low = 0, High = .1 };
        var section = Section with
        {
            Aggregation = LossAggregation.SeqMeanTokenMean, Correction = new CorrectionSection { Level = CorrectionLevel.None, Reject = [reject] },
        };

        Assert.Equal([0, -.5, -.5], Evaluate(section, batch).Gradient);
    }

    [Fact]
    public void Mismatch_is_measured_where_the_engine_has_its_own_log_probs()
    {
        var batch = LossBatch.Golden(tokenMean: true) with { RolloutLogProbs = [[-.9 - Math.Log(2), -1, -1.2], [-.6, -.5]] };

        var metrics = Evaluate(Section, batch).Metrics;

        Assert.Equal(-Math.Log(2) / 5, metrics["rollout_corr/kl"], 1e-12);
        Assert.Equal((2 - Math.Log(2) - 1) / 5, metrics["rollout_corr/k3_kl"], 1e-12);
        Assert.Equal(((4 + 4) / 5.0) - 1, metrics["rollout_corr/chi2_token"], 1e-12);
        Assert.Equal(((4 + 1) / 2.0) - 1, metrics["rollout_corr/chi2_seq"], 1e-12);
        Assert.DoesNotContain("rollout_corr/kl", Evaluate(Section, LossBatch.Golden(tokenMean: true)).Metrics.Keys);
    }

    [Fact]
    public void Health_metrics_of_the_golden_batch()
    {
        var section = Section with { Policy = new VanillaLossSection { ClipLow = .2, ClipHigh = .28, DualClip = 3 } };
        var metrics = Evaluate(section, LossBatch.Golden(tokenMean: true), AllLosses.ByName["vanilla"]).Metrics;

        // Ratios 1.4918, 1, .4493, 1.4918, .8187: one token of positive advantage above, none of negative advantage below.
        Assert.Equal(.2, metrics["actor/pg_clipfrac"], 1e-12);
        Assert.Equal(.04, metrics["actor/ppo_kl"], 1e-12);
        Assert.Equal(.2, metrics["clip_ratio/high_mean"], 1e-12);
        Assert.Equal(0, metrics["clip_ratio/low_mean"], 1e-12);
        Assert.Equal(-.314810, metrics["actor/pg_loss"], 1e-6);
    }

    private static (double Loss, double[] Gradient, Dictionary<string, double> Metrics) Evaluate(LossSection section, LossBatch batch, IPolicyLoss? loss = null)
    {
        var metrics = new MetricSums();
        var gradient = new double[batch.LogProbs.Sum(s => s.Length)];
        var value = new PolicyObjective(loss ?? new LikelihoodLoss(), section).Evaluate(batch.Inputs(), gradient, [], metrics);
        return (value, gradient, metrics.Rows().ToDictionary());
    }
}
