using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Engine;
using RolloutLab.Recipes;
using RolloutLab.Rewards;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>
/// From a recipe's <c>type:</c> to the class behind it: the one place to extend when a verifier, estimator,
/// loss or branch policy is added.
/// </summary>
internal static class Strategies
{
    public static IVerifier Verifier(VerifierSection section) => section switch
    {
        CountdownVerifierSection countdown => new CountdownVerifier(countdown.Format == CountdownFormatChoice.Trace ? CountdownFormat.Trace : CountdownFormat.Expression),
        NumericVerifierSection numeric => new NumericAnswerVerifier(new NumericAnswerOptions
        {
            AllowLastNumber = numeric.Extraction == AnswerExtractionChoice.Auto,
            Tolerance = (decimal)numeric.Tolerance,
        }),
        _ => throw Unknown(section),
    };

    public static IAdvantageEstimator Advantages(AdvantageSection section) => section switch
    {
        GrpoAdvantageSection grpo => new GrpoAdvantage(grpo),
        RlooAdvantageSection rloo => new RlooAdvantage(rloo),
        OpoAdvantageSection => new OpoAdvantage(),
        GpgAdvantageSection gpg => new GpgAdvantage(gpg),
        PassAtKAdvantageSection passAtK => new PassAtKAdvantage(passAtK),
        MaxRlAdvantageSection => new MaxRlAdvantage(),
        RaeAdvantageSection rae => new RaeAdvantage(rae),
        GdpoAdvantageSection gdpo => new GdpoAdvantage(gdpo),
        ReinforcePlusPlusAdvantageSection reinforce => new ReinforcePlusPlusAdvantage(reinforce),
        ReinforcePlusPlusBaselineAdvantageSection baseline => new ReinforcePlusPlusBaselineAdvantage(baseline),
        RemaxAdvantageSection => new RemaxAdvantage(),
        OptimalTokenBaselineAdvantageSection optimal => new OptimalTokenBaselineAdvantage(optimal),
        SpoAdvantageSection spo => new SpoAdvantage(spo),
        TreeAdvantageSection tree => new TreeAdvantage(tree),
        _ => throw Unknown(section),
    };

    /// <summary>Advantages with the sharpening the recipe asks for.</summary>
    public static SharpenedAdvantages Sharpened(Recipe recipe) => new(
        Advantages(recipe.Advantage),
        new RewardGroups(recipe.Reward?.Weights ?? []),
        recipe.Advantage.Novelty is { } novelty ? new NoveltySharpening(novelty) : null,
        bySampledPrompt: recipe.Seeding is { Group: SeedingGroup.Prompt });

    /// <summary>The stages of recomposition in the recipe's order.</summary>
    public static IReadOnlyList<IRecompositionStage> Stages(RecomposeSection section) => [.. section.Stages.Select(stage => (IRecompositionStage)(stage switch
    {
        RecompositionStage.MaskTruncated => new MaskTruncated(section.MaskTruncated),
        RecompositionStage.DynamicSampling => new DynamicSampling(section.DynamicSampling),
        RecompositionStage.Rorecomp => new Rorecomp(section.Rorecomp),
        RecompositionStage.Replay => new GroupReplay(section.Replay),
        RecompositionStage.SelfImitation => new SelfImitation(section.SelfImitation),
        RecompositionStage.SelfExplanation => new SelfExplanation(section.SelfExplanation),
        _ => throw Unknown(stage),
    }))];

    /// <summary>The known answers to the training prompts, as its verifier reads them.</summary>
    public static IKnownAnswers Answers(PromptSetSection prompts, VerifierSection verifier) => prompts is CountdownPromptSetSection
        ? new CountdownAnswers(asExpression: verifier is CountdownVerifierSection { Format: CountdownFormatChoice.Expression })
        : new GivenAnswers();

    public static IPolicyLoss Loss(PolicyLossSection section, RandomStreams random) => section switch
    {
        VanillaLossSection vanilla => new VanillaLoss(vanilla),
        GppoLossSection gppo => new GppoLoss(gppo),
        GspoLossSection gspo => new GspoLoss(gspo.ClipLow, gspo.ClipHigh),
        LuspoLossSection luspo => new GspoLoss(luspo.ClipLow, luspo.ClipHigh),
        GmpoLossSection gmpo => new GmpoLoss(gmpo),
        CispoLossSection cispo => new CispoLoss(cispo),
        SapoLossSection sapo => new SapoLoss(sapo),
        VespoLossSection vespo => new VespoLoss(vespo),
        ClipCovLossSection clipCov => new ClipCovLoss(clipCov, random),
        KlCovLossSection klCov => new KlCovLoss(klCov),
        DppoTvLossSection tv => new DppoTvLoss(tv),
        DppoKlLossSection kl => new DppoKlLoss(kl),
        IpoLossSection ipo => new IpoLoss(ipo),
        DroLossSection dro => new DroLoss(dro),
        GpgLossSection or ReinforceLossSection => new LikelihoodLoss(),
        _ => throw Unknown(section),
    };

    public static IBranchPolicy Branching(StrategySection section, ITokenizer tokenizer) => section switch
    {
        StochasticStrategySection => new StochasticSampling(),
        LatrStrategySection latr => new LatrPolicy(latr, latr.Pruning.ExemptMath ? MathTokens.Of(tokenizer) : new HashSet<int>()),
        EntropyTreeStrategySection entropy => new EntropyTreePolicy(entropy),
        SegmentTreeStrategySection segment => new SegmentTreePolicy(segment),
        DiverseBeamStrategySection beam => new DiverseBeamPolicy(beam),
        _ => throw Unknown(section),
    };

    private static InvalidOperationException Unknown(object section) => new($"no implementation is wired for {section.GetType().Name}");
}
