using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Training;

namespace RolloutLab.UnitTests.Training;

/// <summary>Golden values are worked out by hand from the published formulas, six decimals.</summary>
public class PolicyLossTests
{
    public static TheoryData<string> Names => [.. AllLosses.ByName.Keys];

    [Theory]
    [InlineData("vanilla", -.314810, -.166069)]
    [InlineData("gspo", double.NaN, -.161294)]
    [InlineData("sapo", -.777998, -.477083)]
    [InlineData("cispo", .565089, .436361)]
    [InlineData("cispo_cap", .441766, .331827)]
    [InlineData("gpg", .61, .470833)]
    [InlineData("gmpo", double.NaN, -.144136)]
    public void Matches_the_golden_table(string name, double tokenMean, double sequenceMean)
    {
        if (!double.IsNaN(tokenMean))
        {
            Assert.Equal(tokenMean, Compute(name, LossBatch.Golden(tokenMean: true)).Loss, 1e-6);
        }

        Assert.Equal(sequenceMean, Compute(name, LossBatch.Golden(tokenMean: false)).Loss, 1e-6);
    }

    [Fact]
    public void Vespo_weighs_by_the_golden_gates()
    {
        // x = -phi A l with phi = 1.208089 and 1.170223: token mean of (.5 + 1 + 2) phi0 and -.5 (.2 + .7) phi1.
        Assert.Equal(((1.208089 * 3.5) - (.5 * 1.170223 * .9)) / 5, Compute("vespo", LossBatch.Golden(tokenMean: true)).Loss, 1e-6);
    }

    [Theory]
    [InlineData(1, 1.6, -1.28, -1.28)]
    [InlineData(-1, .5, .8, .8)]
    [InlineData(-1, 4, 3, 0)]
    [InlineData(1, 1.1, -1.1, -1.1)]
    public void Gppo_keeps_the_gradient_of_clipped_tokens(double advantage, double ratio, double value, double derivative)
    {
        var (loss, gradient) = Compute("gppo", One(advantage, Math.Log(ratio)));

        Assert.Equal(value, loss, 1e-12);
        Assert.Equal(derivative, gradient[0], 1e-12);
    }

    [Fact]
    public void Gppo_options_change_what_they_name()
    {
        var onlyHigh = Run(new GppoLoss(AllLosses.Gppo with { OnlyHigh = true }), One(-1, Math.Log(.5)));
        var scaled = Run(new GppoLoss(AllLosses.Gppo with { BetaHigh = .5 }), One(1, Math.Log(1.6)));
        var likelihood = Run(new GppoLoss(AllLosses.Gppo with { PositiveNllCoefficient = .1 }), One(1, Math.Log(1.1), old: -1));

        Assert.Equal((.8, 0), (Math.Round(onlyHigh.Loss, 12), onlyHigh.Gradient[0]));
        Assert.Equal((-.64, -.64), (Math.Round(scaled.Loss, 12), Math.Round(scaled.Gradient[0], 12)));
        Assert.Equal(-1.1 - (.1 * (-1 + Math.Log(1.1))), likelihood.Loss, 1e-12);
        Assert.Equal(-1.2, likelihood.Gradient[0], 1e-12);
    }

    [Fact]
    public void Vanilla_has_no_gradient_where_clipped_and_the_ratio_elsewhere()
    {
        var (_, gradient) = Compute("vanilla", LossBatch.Golden(tokenMean: true) with { Weights = [[1, 1, 1], [1, 1]] });

        double[] expected = [0, -1, -.449329, .745912, .409365];
        Assert.All(expected.Zip(gradient), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
    }

    [Fact]
    public void Dual_clip_bounds_negative_advantages_only()
    {
        Assert.Equal((3, 0), (Compute("vanilla", One(-1, 2)).Loss, Compute("vanilla", One(-1, 2)).Gradient[0]));
        Assert.Equal(-1.28, Compute("vanilla", One(1, 2)).Loss, 1e-12);
        var unbounded = Run(new VanillaLoss(new VanillaLossSection { ClipLow = .2, ClipHigh = .28, DualClip = 0 }), One(-1, 1000));
        Assert.Equal(Math.Exp(20), unbounded.Loss, 1e-3);
    }

    [Theory]
    [InlineData(.5, -.9, -.5, false)]
    [InlineData(.5, -.5, -.9, true)]
    [InlineData(-.5, -.9, -.5, true)]
    [InlineData(-.5, -.5, -.9, false)]
    public void Dppo_drops_only_moves_the_advantage_pushes_to(double advantage, double logProb, double old, bool dropped)
    {
        foreach (var name in (string[])["dppo_tv", "dppo_kl"])
        {
            var batch = new LossBatch { LogProbs = [[logProb]], OldLogProbs = [[old]], Advantages = [[advantage]], Weights = [[1]] };
            var (loss, gradient) = Compute(name, batch);

            var ratio = Math.Exp(logProb - old);
            Assert.Equal(dropped ? 0 : -advantage * ratio * logProb, loss, 1e-12);
            Assert.Equal(dropped ? 0 : -advantage * ratio, gradient[0], 1e-12);
        }
    }

    [Fact]
    public void Ipo_pulls_dropped_tokens_back_and_reads_the_rollout_policy()
    {
        var batch = One(1, 0, old: -1) with { RolloutLogProbs = [[-3.0]] };

        var (loss, gradient) = Compute("ipo", batch);

        Assert.Equal(.01 * 4, loss, 1e-12);
        Assert.Equal(.01 * 4, gradient[0], 1e-12);
    }

    [Fact]
    public void Dro_matches_its_formula()
    {
        var (loss, gradient) = Compute("dro", One(.7, .4, old: -1));

        Assert.Equal(-((.7 * -.6) - (.15 * .16)), loss, 1e-12);
        Assert.Equal(-.7 + (.3 * .4), gradient[0], 1e-12);
    }

    [Fact]
    public void Kl_cov_holds_back_the_tokens_of_highest_covariance()
    {
        // Covariances around the means A = 0, l = -2: token 0 has (1)(1.5), token 3 has (-1)(-1.5); ratio .5 takes both.
        var batch = new LossBatch
        {
            LogProbs = [[-.5, -3], [-1, -3.5]], OldLogProbs = [[-.7, -3], [-1, -3]],
            Advantages = [[1, 1], [-1, -1]], Weights = [[1, 1], [1, 1]],
        };
        var loss = new KlCovLoss(new KlCovLossSection { CovRatio = .5, KlCovCoefficient = .3 });

        var (value, gradient) = Run(loss, batch);

        Assert.Equal(-Math.Exp(.2) + (.3 * .2) - 1 + 1 + Math.Exp(-.5) + (.3 * .5), value, 1e-12);
        Assert.Equal(-Math.Exp(.2) + .3, gradient[0], 1e-12);
        Assert.Equal(Math.Exp(-.5) - .3, gradient[3], 1e-12);
    }

    [Fact]
    public void Clip_cov_takes_out_as_many_candidates_as_it_may()
    {
        var batch = new LossBatch
        {
            LogProbs = [[-.5, -3], [-1, -3.5]], OldLogProbs = [[-.5, -3], [-1, -3.5]],
            Advantages = [[1, 1], [-1, -1]], Weights = [[1, 1], [1, 1]],
        };
        ClipCovLoss Loss(double ratio) => new(new ClipCovLossSection { ClipLow = .2, ClipHigh = .2, CovRatio = ratio, CovLow = 1, CovHigh = 5 }, new RandomStreams(3));

        // Tokens 0 and 3 have covariance 1.5, the others -1 and -1: only those two are candidates.
        Assert.Equal([0, 3], Dropped(Run(Loss(1), batch).Gradient));
        Assert.Single(Dropped(Run(Loss(.25), batch).Gradient));

        static int[] Dropped(double[] gradient) => [.. Enumerable.Range(0, 4).Where(t => gradient[t] == 0)];
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradient_is_that_of_finite_differences_where_nothing_is_stopped(string name)
    {
        foreach (var seed in Enumerable.Range(0, 5))
        {
            var batch = LossBatch.Random(seed);
            var (_, gradient) = Compute(name, batch);
            var flat = batch.LogProbs.SelectMany(s => s).ToArray();
            for (var t = 0; t < flat.Length; t++)
            {
                var expected = Analytic(name, batch, t) ?? Difference(name, batch, t, flat[t]);
                Assert.True(Math.Abs(expected - gradient[t]) < 1e-6, $"{name}, token {t}: {gradient[t]} is not {expected}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_shuffled_batch_has_the_same_loss_and_gradients(string name)
    {
        var batch = LossBatch.Random(11);
        int[] order = [4, 2, 0, 5, 3, 1];
        var (loss, gradient) = Compute(name, batch);

        var (shuffledLoss, shuffledGradient) = Compute(name, batch.Select(order));

        var offsets = Offsets(batch);
        var expected = order.SelectMany(s => gradient[offsets[s]..offsets[s + 1]]).ToArray();
        Assert.Equal(loss, shuffledLoss, 1e-12);
        Assert.All(expected.Zip(shuffledGradient), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Cut_into_micro_batches_it_adds_up_to_the_same(string name)
    {
        var loss = AllLosses.ByName[name];
        if (loss.NeedsWholeStep)
        {
            return; // It is never cut: PolicyObjective gives it the whole step.
        }

        var batch = LossBatch.Random(12);
        var (whole, gradient) = Run(loss, batch);
        var parts = new[] { batch.Select(0), batch.Select(1, 2), batch.Select(3), batch.Select(4, 5) }.Select(b => Run(loss, b)).ToList();

        Assert.Equal(whole, parts.Sum(p => p.Loss), 1e-12);
        Assert.All(gradient.Zip(parts.SelectMany(p => p.Gradient)), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Weights_of_zero_and_an_empty_batch_give_nothing(string name)
    {
        var batch = LossBatch.Random(13);
        var (loss, gradient) = Compute(name, batch with { Weights = [.. batch.Weights.Select(w => new double[w.Length])] });

        Assert.Equal(0, loss, 0.0);
        Assert.All(gradient, g => Assert.Equal(0, g, 0.0));
        Assert.Equal(0, Compute(name, batch.Select()).Loss);
    }

    /// <summary>The gradient where the loss stops one by definition: weight · −A · detached factor; null where nothing is stopped.</summary>
    private static double? Analytic(string name, LossBatch batch, int token)
    {
        var offsets = Offsets(batch);
        var s = Enumerable.Range(0, batch.LogProbs.Length).First(i => token < offsets[i + 1]);
        var t = token - offsets[s];
        var (l, old, a, w) = (batch.LogProbs[s][t], batch.OldLogProbs[s][t], batch.Advantages[s][t], batch.Weights[s][t]);
        var r = Math.Exp(l - old);
        var logWeight = batch.LogProbs[s].Zip(batch.OldLogProbs[s], (x, y) => x - y).Sum();
        return name switch
        {
            "cispo" => -w * a * Math.Clamp(r, .8, 1.28),
            "cispo_cap" => -w * a * Math.Min(r, 5),
            "vespo" => -w * a * (a >= 0 ? Math.Exp(3 + (2 * logWeight) - (3 * Math.Exp(logWeight))) : Math.Exp(2 + (3 * logWeight) - (2 * Math.Exp(logWeight)))),
            "dppo_tv" => (a > 0 ? Math.Exp(l) - Math.Exp(old) <= .1 : Math.Exp(l) - Math.Exp(old) >= -.1) ? -w * a * Math.Min(r, 3) : 0,
            "dppo_kl" => KeptByKl(l, old, a) ? -w * a * Math.Min(r, 3) : 0,
            "gspo" => null,
            "gppo" => a > 0 ? -w * a * Math.Min(r, 1.28) : r >= 3 ? 0 : -w * a * Math.Max(r, .8),
            _ => null,
        };
    }

    private static bool KeptByKl(double l, double old, double a)
    {
        var (p, q) = (Math.Exp(l), Math.Exp(old));
        var b = (q * (old - l)) + ((1 - q) * Math.Log((1 - q + 1e-8) / (1 - p + 1e-8)));
        return a > 0 ? b <= .02 || p <= q : b <= .02 || p >= q;
    }

    private static double Difference(string name, LossBatch batch, int token, double at)
    {
        const double Step = 1e-6;
        return (Compute(name, batch.WithLogProb(token, at + Step)).Loss - Compute(name, batch.WithLogProb(token, at - Step)).Loss) / (2 * Step);
    }

    private static int[] Offsets(LossBatch batch) => [.. batch.Inputs().CuSeqLens];

    private static LossBatch One(double advantage, double logRatio, double old = 0) => new()
    {
        LogProbs = [[old + logRatio]], OldLogProbs = [[old]], Advantages = [[advantage]], Weights = [[1]],
    };

    private static (double Loss, double[] Gradient) Compute(string name, LossBatch batch) => Run(AllLosses.ByName[name], batch);

    private static (double Loss, double[] Gradient) Run(IPolicyLoss loss, LossBatch batch)
    {
        var gradient = new double[batch.LogProbs.Sum(s => s.Length)];
        return (loss.Compute(batch.Inputs(), gradient).Loss, gradient);
    }
}
