using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Allocation;

/// <summary>From a budget section to its rule and budget: the one place to extend when a rule is added.</summary>
public static class AllocationRules
{
    /// <summary>Most rollouts of a prompt where a section names no bound.</summary>
    private const int NoBound = ushort.MaxValue;

    /// <summary>The allocator of a recipe, over a ledger.</summary>
    /// <param name="section">The recipe's budget.</param>
    /// <param name="ledger">Evidence and costs; borrowed.</param>
    /// <param name="random">The run's random streams.</param>
    public static IBudgetAllocator Create(BudgetSection section, PromptLedger ledger, RandomStreams random)
    {
        var most = section is BoundedBudgetSection bounded ? bounded.Bounds.NUp : section is SpoBudgetSection ? section.Terms.RolloutsPerPrompt : NoBound;
        double? tokens = section.Terms.Unit == BudgetUnit.Tokens ? section.Terms.TokensPerStep : null;
        var perPrompt = section is SpoBudgetSection spo
            ? (double)spo.SampledPrompts * spo.Terms.RolloutsPerPrompt / spo.PromptsPerStep
            : section.Terms.RolloutsPerPrompt;
        return new RuleAllocator(Rule(section, random), ledger, new StepBudget(perPrompt, tokens, most), Prior(section));
    }

    private static IAllocationRule Rule(BudgetSection section, RandomStreams random) => section switch
    {
        UniformBudgetSection => new UniformRule(new AllocationBounds(0, NoBound, new SolverOptions())),
        KnapsackBudgetSection s => new KnapsackRule(Bounds(s), s.Terms.RolloutsPerPrompt, s.Confidence, s.Fallback),
        KnapsackBayesBudgetSection s => new KnapsackBayesRule(Bounds(s)),
        XrpoBudgetSection s => new XrpoRule(Bounds(s), s.FirstRound, s.RoundRollouts, s.Exploration, s.Alpha),
        UcbBudgetSection s => new UcbRule(Bounds(s), s.Exploration),
        ThompsonBudgetSection s => new ThompsonRule(Bounds(s), random),
        AdaptiveBudgetSection s => new AdaptiveRule(Bounds(s), s.RoundRollouts),
        DifficultyPoolBudgetSection s => new DifficultyPoolRule(
            Bounds(s), new DifficultyPools(s.HardWeight, s.NormalWeight, s.EasyWeight, s.HardBelow, s.EasyAbove)),
        SpoBudgetSection s => new SpoRule(s.Terms.RolloutsPerPrompt, s.Floor, random),
        _ => throw new InvalidOperationException($"no rule is wired for {section.GetType().Name}"),
    };

    private static BetaPrior? Prior(BudgetSection section) => section switch
    {
        PosteriorBudgetSection { Prior: FixedPriorSection prior } => new BetaPrior(prior.Alpha, prior.Beta),
        PosteriorBudgetSection => null,
        _ => BetaPrior.Jeffreys,
    };

    private static AllocationBounds Bounds(BoundedBudgetSection section) =>
        new(section.Bounds.NLow, section.Bounds.NUp, new SolverOptions(Kind(section.Bounds.Solver)));

    private static SolverKind Kind(SolverChoice choice) => choice switch
    {
        SolverChoice.Threshold => SolverKind.Threshold,
        SolverChoice.DynamicProgramme => SolverKind.DynamicProgramme,
        SolverChoice.Core => SolverKind.Core,
        SolverChoice.Cbc => SolverKind.Cbc,
        _ => SolverKind.Auto,
    };
}
