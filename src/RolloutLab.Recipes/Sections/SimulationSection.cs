using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>What the gradient of a group counts.</summary>
public enum GroupWeight
{
    /// <summary>The same for every group, as the value of Knapsack RL (arXiv 2509.25849) has it.</summary>
    Equal,

    /// <summary>Its rollouts over the mean rollouts of the step's groups, as in a loss averaged over a step's sequences or tokens.</summary>
    Rollouts,
}

/// <summary>A simulated policy, on which allocators are compared without a model.</summary>
public sealed record SimulationSection
{
    /// <summary>The prompts and their true success rates at the start.</summary>
    public required PoolSection Pool { get; init; }

    /// <summary>η: a group with a gradient raises its prompt's rate p by η·p(1−p)².</summary>
    public required double LearningRate { get; init; }

    /// <summary>What the gradient of a group counts beside others of its step.</summary>
    public required GroupWeight GroupWeight { get; init; }

    /// <summary>Share of each gain that is passed on to the neighbours, all together; a neighbour of rate p takes (1−p) of its part.</summary>
    public required double Generalization { get; init; }

    /// <summary>Neighbours on either side in the order of the pool, which closes to a ring.</summary>
    public required int Neighbours { get; init; }

    /// <summary>Success rate from which a prompt counts as solved.</summary>
    public required double SolvedAt { get; init; }

    /// <summary>Mean response tokens.</summary>
    public required double TokensMean { get; init; }

    /// <summary>Standard deviation of the response tokens, which are log-normal.</summary>
    public required double TokensDeviation { get; init; }

    /// <summary>Seeds each allocator is run with, from the recipe's seed on.</summary>
    public required int Seeds { get; init; }

    /// <summary>What allocators know of every prompt before the first step; null for nothing.</summary>
    public required EstimatesSection? Estimates { get; init; }

    /// <summary>Share of solved prompts that rollouts are counted to; 0 for the baseline's share at its end.</summary>
    public required double TargetShare { get; init; }

    /// <summary>The budgets to compare, by name; the first is the one the others are compared with.</summary>
    public required ValueList<NamedBudget> Allocators { get; init; }

    internal static SimulationSection Read(SectionReader r) => new()
    {
        Pool = r.Section("pool", "The prompts and their true success rates at the start.", PoolSection.Read),
        LearningRate = r.Number("learning_rate", 0.1, AtLeast(0), "A group with a gradient raises its prompt's rate p by this times p(1-p)^2."),
        GroupWeight = r.Choice(
            "group_weight", GroupWeight.Equal, "What a group's gain counts: the same for each, or in proportion to its rollouts, as in a loss that is a mean over the step.",
            ("equal", GroupWeight.Equal), ("rollouts", GroupWeight.Rollouts)),
        Generalization = r.Number("generalization", 0.5, AtLeast(0), "Share of each gain that neighbours take, each (1-p) of its part."),
        Neighbours = r.Integer("neighbours", 8, AtLeast(0), "Neighbours on either side, in the order of the pool."),
        SolvedAt = r.Number("solved_at", 0.9, AboveAtMost(0, 1), "Success rate from which a prompt counts as solved."),
        TokensMean = r.Number("tokens_mean", 200, Between(1, 100_000), "Mean response tokens."),
        TokensDeviation = r.Number("tokens_deviation", 80, AtLeast(0), "Standard deviation of the response tokens (log-normal)."),
        Seeds = r.Integer("seeds", 5, Between(1, 10_000), "Runs of each allocator, with the recipe's seed and those after it."),
        Estimates = r.OptionalSection("estimates", "What allocators know of every prompt before the first step; left out: nothing.", EstimatesSection.Read),
        TargetShare = r.Number("target_share", 0, Between(0, 1), "Share of solved prompts that rollouts are counted to; 0 for the baseline's share at its end."),
        Allocators = ValueList.Create<NamedBudget>(
        [
            .. r.NamedSections("allocators", "The budgets to compare; the first is the baseline.", BudgetSection.Read)
                .Select(named => new NamedBudget(named.Name, named.Value)),
        ]),
    };
}

/// <summary>Estimates of the success rates from rollouts that were made before the first step.</summary>
public sealed record EstimatesSection
{
    /// <summary>Graded rollouts of each prompt, at least 1.</summary>
    public required int Rollouts { get; init; }

    /// <summary>How stale they are: standard deviation of the difference between a rate's log-odds then and now, at least 0.</summary>
    public required double Drift { get; init; }

    internal static EstimatesSection Read(SectionReader r) => new()
    {
        Rollouts = r.Integer("rollouts", 8, Between(1, 1_000_000), "Graded rollouts that the estimate of each prompt comes from."),
        Drift = r.Number("drift", 0, AtLeast(0), "How stale they are: standard deviation of the difference between a rate's log-odds then and now."),
    };
}

/// <summary>A budget with the name it has in tables and pictures.</summary>
/// <param name="Name">Letters, digits, <c>-</c> and <c>_</c>.</param>
/// <param name="Budget">The budget.</param>
public sealed record NamedBudget(string Name, BudgetSection Budget);

/// <summary>Prompts with success rates.</summary>
public abstract record PoolSection
{
    internal static PoolSection Read(SectionReader r) => r.Variant<PoolSection>(
        "Where the success rates come from.",
        "mixture",
        ("mixture", s => new MixturePoolSection
        {
            Prompts = ReadPrompts(s),
            EasyShare = s.Number("easy_share", 0.4, Between(0, 1), "Share of prompts that are nearly always solved."),
            HardShare = s.Number("hard_share", 0.2, Between(0, 1), "Share of prompts that are nearly never solved; with easy_share at most 1."),
            EasyFrom = s.Number("easy_from", 0.99, Between(0, 1), "Easy rates are uniform from here to 1."),
            HardTo = s.Number("hard_to", 0.01, Between(0, 1), "Hard rates are uniform from 0 to here."),
        }),
        ("beta", s => new BetaPoolSection
        {
            Prompts = ReadPrompts(s),
            A = s.Number("a", 0.5, Above(0), "First parameter of the distribution of the rates."),
            B = s.Number("b", 0.5, Above(0), "Second parameter."),
        }),
        ("log", s => new LogPoolSection
        {
            Path = s.Path("path", "A JSONL file with success_rate, or successes and attempts, or graded solutions by model, as `allocate` takes."),
            Prior = s.Number("prior", 0.5, AtLeast(0), "Added to the successes and to the failures of each prompt, where they are counted."),
        }));

    private static int ReadPrompts(SectionReader r) => r.Integer("prompts", 1024, Between(1, 10_000_000), "Number of prompts.");
}

/// <summary>Easy, hard and other prompts; the rates of the others are uniform.</summary>
public sealed record MixturePoolSection : PoolSection
{
    /// <summary>Number of prompts.</summary>
    public required int Prompts { get; init; }

    /// <summary>Share of easy prompts.</summary>
    public required double EasyShare { get; init; }

    /// <summary>Share of hard prompts.</summary>
    public required double HardShare { get; init; }

    /// <summary>Easy rates are uniform from here to 1.</summary>
    public required double EasyFrom { get; init; }

    /// <summary>Hard rates are uniform from 0 to here.</summary>
    public required double HardTo { get; init; }
}

/// <summary>Rates from a Beta distribution.</summary>
public sealed record BetaPoolSection : PoolSection
{
    /// <summary>Number of prompts.</summary>
    public required int Prompts { get; init; }

    /// <summary>First parameter.</summary>
    public required double A { get; init; }

    /// <summary>Second parameter.</summary>
    public required double B { get; init; }
}

/// <summary>Rates from a log.</summary>
public sealed record LogPoolSection : PoolSection
{
    /// <summary>Absolute path of the log.</summary>
    public required string Path { get; init; }

    /// <summary>Added to successes and failures.</summary>
    public required double Prior { get; init; }
}
