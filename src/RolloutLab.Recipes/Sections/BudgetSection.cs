namespace RolloutLab.Recipes;

/// <summary>What a budget counts.</summary>
public enum BudgetUnit
{
    /// <summary>Rollouts, whatever their length.</summary>
    Rollouts,

    /// <summary>Expected response tokens.</summary>
    Tokens,
}

/// <summary>How allocation problems are solved.</summary>
public enum SolverChoice
{
    /// <summary>Whichever fits the problem.</summary>
    Auto,

    /// <summary>One threshold on the marginal values.</summary>
    Threshold,

    /// <summary>The textbook dynamic programme.</summary>
    DynamicProgramme,

    /// <summary>A dynamic programme over the core a Lagrangian bound leaves.</summary>
    Core,

    /// <summary>A mixed-integer programme.</summary>
    Cbc,
}

/// <summary>What every budget says.</summary>
public sealed record BudgetTerms
{
    /// <summary>Prompts taken in a step; an allocator may leave some of them without rollouts.</summary>
    public required int PromptsPerStep { get; init; }

    /// <summary>Mean rollouts of a prompt: a step's budget in rollouts is this times <see cref="PromptsPerStep"/>.</summary>
    public required int RolloutsPerPrompt { get; init; }

    /// <summary>What the budget counts.</summary>
    public required BudgetUnit Unit { get; init; }

    /// <summary>Expected response tokens of a step, where the budget counts tokens; else 0.</summary>
    public required long TokensPerStep { get; init; }

    /// <summary>What evidence of a prompt keeps of its weight each time the prompt is seen again, in (0, 1].</summary>
    public required double Forgetting { get; init; }
}

/// <summary>Between which bounds a budget may differ from prompt to prompt, and how plans are found.</summary>
public sealed record BudgetBounds
{
    /// <summary>Least rollouts of a prompt.</summary>
    public required int NLow { get; init; }

    /// <summary>Most rollouts of a prompt.</summary>
    public required int NUp { get; init; }

    /// <summary>How plans are found.</summary>
    public required SolverChoice Solver { get; init; }
}

/// <summary>How many rollouts the prompts of a step get.</summary>
public abstract record BudgetSection
{
    /// <summary>What every budget says.</summary>
    public required BudgetTerms Terms { get; init; }

    /// <summary>Prompts taken in a step.</summary>
    public int PromptsPerStep => Terms.PromptsPerStep;

    /// <summary>Share of the rollouts in flight that may still run when the next round is planned; 0 where there is one round.</summary>
    public double RoundOverlap => this is RoundsBudgetSection rounds ? rounds.Overlap : 0;

    /// <summary>Whether a step can have rounds that follow what earlier ones showed.</summary>
    public virtual bool HasLaterRounds => false;

    /// <summary>Whether more can be spent than a first round of so many rollouts a prompt.</summary>
    private protected bool GoesBeyond(int firstRound, int most) =>
        firstRound < most && (Terms.Unit == BudgetUnit.Tokens || firstRound < Terms.RolloutsPerPrompt);

    internal static BudgetSection Read(SectionReader r) => r.Variant<BudgetSection>(
        "How rollouts are shared out among the prompts of a step.",
        "uniform",
        ("uniform", BudgetReader.Uniform),
        ("knapsack", BudgetReader.Knapsack),
        ("knapsack_bayes", BudgetReader.KnapsackBayes),
        ("xrpo", BudgetReader.Xrpo),
        ("ucb", BudgetReader.Ucb),
        ("thompson", BudgetReader.Thompson),
        ("adaptive", BudgetReader.Adaptive),
        ("difficulty_pool", BudgetReader.DifficultyPool),
        ("spo", BudgetReader.Spo));
}

/// <summary>The same number of rollouts for every prompt.</summary>
public sealed record UniformBudgetSection : BudgetSection;

/// <summary>A budget whose prompts get different numbers of rollouts, between two bounds.</summary>
public abstract record BoundedBudgetSection : BudgetSection
{
    /// <summary>Bounds and solver.</summary>
    public required BudgetBounds Bounds { get; init; }
}

/// <summary>A budget that follows the posterior distribution of the success rates, not an estimate of each.</summary>
public abstract record PosteriorBudgetSection : BoundedBudgetSection
{
    /// <summary>What is believed of every success rate before the prompt's own rollouts.</summary>
    public required PriorSection Prior { get; init; }
}

/// <summary>A budget that is shared out in several rounds, each of which knows what earlier ones showed.</summary>
public abstract record RoundsBudgetSection : BoundedBudgetSection
{
    /// <summary>Share of the rollouts in flight that may still run when the next round is planned, in [0, 0.9]; 0 waits for all.</summary>
    public required double Overlap { get; init; }
}
