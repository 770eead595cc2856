using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Training;

namespace RolloutLab.UnitTests.Training;

/// <summary>Every policy loss with the settings of the golden table, by name.</summary>
internal static class AllLosses
{
    public static IReadOnlyDictionary<string, IPolicyLoss> ByName { get; } = new Dictionary<string, IPolicyLoss>
    {
        ["vanilla"] = new VanillaLoss(new VanillaLossSection { ClipLow = .2, ClipHigh = .28, DualClip = 3 }),
        ["gppo"] = new GppoLoss(Gppo),
        ["gspo"] = new GspoLoss(.2, .28),
        ["gmpo"] = new GmpoLoss(new GmpoLossSection { ClipLow = .2, ClipHigh = .28 }),
        ["cispo"] = new CispoLoss(new CispoLossSection { ClipLow = .2, ClipHigh = .28, RatioCap = 0 }),
        ["cispo_cap"] = new CispoLoss(new CispoLossSection { ClipLow = .2, ClipHigh = .28, RatioCap = 5 }),
        ["sapo"] = new SapoLoss(new SapoLossSection { TauPositive = 1, TauNegative = 1.05 }),
        ["vespo"] = new VespoLoss(new VespoLossSection { ShapePositive = 2, RatePositive = 3, ShapeNegative = 3, RateNegative = 2 }),
        ["clip_cov"] = new ClipCovLoss(new ClipCovLossSection { ClipLow = .2, ClipHigh = .28, CovRatio = .2, CovLow = .05, CovHigh = 5 }, new RandomStreams(1)),
        ["kl_cov"] = new KlCovLoss(new KlCovLossSection { CovRatio = .25, KlCovCoefficient = .3 }),
        ["dppo_tv"] = new DppoTvLoss(new DppoTvLossSection { ClipLow = .1, ClipHigh = .1, RatioCap = 3 }),
        ["dppo_kl"] = new DppoKlLoss(new DppoKlLossSection { ClipLow = .02, ClipHigh = .02, RatioCap = 3 }),
        ["ipo"] = new IpoLoss(new IpoLossSection { Threshold = .1, AdvantageTau = 1, KlTau = .01 }),
        ["dro"] = new DroLoss(new DroLossSection { Beta = .3 }),
        ["gpg"] = new LikelihoodLoss(),
    };

    public static GppoLossSection Gppo => new()
    {
        ClipLow = .2, ClipHigh = .28, DualClip = 3, BetaLow = 1, BetaHigh = 1, OnlyHigh = false, PositiveNllCoefficient = 0,
    };
}
