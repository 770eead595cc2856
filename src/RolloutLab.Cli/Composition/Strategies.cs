using RolloutLab.Allocation;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Rewards;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>
/// From a recipe's <c>type:</c> to the class behind it: the one place to extend when a verifier, allocator, estimator or
/// loss is added.
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

    public static IBudgetAllocator Allocator(BudgetSection section) => section switch
    {
        UniformBudgetSection uniform => new UniformAllocator(uniform),
        _ => throw Unknown(section),
    };

    public static IAdvantageEstimator Advantages(AdvantageSection section) => section switch
    {
        GrpoAdvantageSection grpo => new GrpoAdvantage(grpo),
        _ => throw Unknown(section),
    };

    public static IPolicyLoss Loss(LossSection section) => section switch
    {
        VanillaLossSection vanilla => new VanillaLoss(vanilla),
        _ => throw Unknown(section),
    };

    private static InvalidOperationException Unknown(object section) => new($"no implementation is wired for {section.GetType().Name}");
}
