using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>What a budget counts.</summary>
public enum BudgetUnit
{
    /// <summary>Rollouts, whatever their length.</summary>
    Rollouts,
}

/// <summary>How many rollouts the prompts of a step get.</summary>
public abstract record BudgetSection
{
    /// <summary>Prompts taken in a step.</summary>
    public required int PromptsPerStep { get; init; }

    /// <summary>What the budget counts.</summary>
    public required BudgetUnit Unit { get; init; }

    internal static BudgetSection Read(SectionReader r) => r.Variant<BudgetSection>(
        "How rollouts are shared out among the prompts of a step.",
        "uniform",
        ("uniform", s => new UniformBudgetSection
        {
            PromptsPerStep = s.Integer("prompts_per_step", 32, AtLeast(1), "Prompts taken in a step."),
            RolloutsPerPrompt = s.Integer("rollouts_per_prompt", 8, AtLeast(1), "Rollouts for each prompt."),
            Unit = s.Choice("unit", BudgetUnit.Rollouts, "What the budget counts.", ("rollouts", BudgetUnit.Rollouts)),
        }));
}

/// <summary>The same number of rollouts for every prompt.</summary>
public sealed record UniformBudgetSection : BudgetSection
{
    /// <summary>Rollouts for each prompt.</summary>
    public required int RolloutsPerPrompt { get; init; }
}
