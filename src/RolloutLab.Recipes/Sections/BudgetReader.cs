using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>Reads the types of the budget section.</summary>
internal static class BudgetReader
{
    public static UniformBudgetSection Uniform(SectionReader r) => new() { Terms = Terms(r) };

    public static KnapsackBudgetSection Knapsack(SectionReader r)
    {
        var (terms, bounds) = TermsAndBounds(r, low: 2);
        return new KnapsackBudgetSection
        {
            Terms = terms,
            Bounds = bounds,
            Confidence = r.Number(
                "confidence", 0.9, AboveBelow(0, 1), "Effective prompts are filled until both outcomes are this sure; the fallback gets the rest."),
            Fallback = r.Flag("fallback", true, "What effective prompts cannot use goes evenly to prompts without a success; false: to the greatest value."),
        };
    }

    public static KnapsackBayesBudgetSection KnapsackBayes(SectionReader r)
    {
        var (terms, bounds) = TermsAndBounds(r, low: 2);
        return new KnapsackBayesBudgetSection { Terms = terms, Bounds = bounds, Prior = Prior(r) };
    }

    public static XrpoBudgetSection Xrpo(SectionReader r)
    {
        var (terms, bounds) = TermsAndBounds(r, low: 2);
        var section = new XrpoBudgetSection
        {
            Terms = terms,
            Bounds = bounds,
            FirstRound = r.Integer("first_round", 4, AtLeast(2), "Rollouts of every prompt in the first round."),
            RoundRollouts = r.Integer("round_rollouts", 32, AtLeast(1), "Rollouts handed out in each later round."),
            Exploration = r.Number("exploration", 0.1, AtLeast(0), "Weight of the exploration bonus."),
            Alpha = r.Number("alpha", 0.05, AboveBelow(0, 1), "The interval of a prompt's mean reward has confidence 1 - alpha."),
            Overlap = Overlap(r, 0.5),
        };
        r.Check(
            () => section.FirstRound >= section.Bounds.NLow && section.FirstRound <= section.Bounds.NUp, "first_round",
            () => $"must be from budget.n_low ({section.Bounds.NLow}) to budget.n_up ({section.Bounds.NUp})");
        r.Check(
            () => section.FirstRound <= section.Terms.RolloutsPerPrompt, "first_round",
            () => $"must be at most budget.rollouts_per_prompt ({section.Terms.RolloutsPerPrompt}), which is the mean over all rounds");
        return section;
    }

    public static UcbBudgetSection Ucb(SectionReader r)
    {
        var (terms, bounds) = TermsAndBounds(r, low: 2);
        return new UcbBudgetSection
        {
            Terms = terms,
            Bounds = bounds,
            Exploration = r.Number("exploration", 0.25, AtLeast(0), "Half-width of a rate's interval, in units of sqrt(ln(1 + T) / n)."),
        };
    }

    public static ThompsonBudgetSection Thompson(SectionReader r)
    {
        var (terms, bounds) = TermsAndBounds(r, low: 2);
        return new ThompsonBudgetSection { Terms = terms, Bounds = bounds, Prior = Prior(r) };
    }

    public static AdaptiveBudgetSection Adaptive(SectionReader r)
    {
        var (terms, bounds) = TermsAndBounds(r, low: 4);
        return new AdaptiveBudgetSection
        {
            Terms = terms,
            Bounds = bounds,
            RoundRollouts = r.Integer("round_rollouts", 4, AtLeast(1), "Rollouts a prompt without a success gets in each round."),
            Overlap = Overlap(r, 0.9), // A prompt's next rollouts depend on its own alone, so there is nothing to wait for.
        };
    }

    public static DifficultyPoolBudgetSection DifficultyPool(SectionReader r)
    {
        var (terms, bounds) = TermsAndBounds(r, low: 0);
        var section = new DifficultyPoolBudgetSection
        {
            Terms = terms,
            Bounds = bounds,
            HardWeight = r.Number("hard_weight", 0.2, AtLeast(0), "Weight of prompts of the hard pool."),
            NormalWeight = r.Number("normal_weight", 1, AtLeast(0), "Weight of prompts between the pools, and of those never seen."),
            EasyWeight = r.Number("easy_weight", 0.2, AtLeast(0), "Weight of prompts of the easy pool."),
            HardBelow = r.Number("hard_below", 0.25, Between(0, 1), "A prompt is hard when its last group's mean is at most this."),
            EasyAbove = r.Number("easy_above", 0.75, Between(0, 1), "A prompt is easy when its last group's mean is above this."),
        };
        r.Check(
            () => section.HardBelow <= section.EasyAbove, "hard_below",
            () => $"must be at most budget.easy_above ({section.EasyAbove})");
        return section;
    }

    public static SpoBudgetSection Spo(SectionReader r)
    {
        var terms = Terms(r);
        var section = new SpoBudgetSection
        {
            Terms = terms,
            SampledPrompts = r.Integer("sampled_prompts", 32, AtLeast(1), "Prompts sampled out of the step's prompts; each gets rollouts_per_prompt."),
            Floor = r.Number("floor", 0.05, AtLeast(0), "Added to each prompt's weight sqrt(v(1 - v)), so that every prompt can be sampled."),
        };
        r.Check(
            () => section.SampledPrompts <= section.PromptsPerStep, "sampled_prompts",
            () => $"must be at most budget.prompts_per_step ({section.PromptsPerStep}), out of which they are sampled");
        return section;
    }

    private static double Overlap(SectionReader r, double usual) => r.Number(
        "overlap", usual, Between(0, 0.9),
        "Share of the rollouts in flight that may still run when the next round is planned; 0 waits for all, as published, and idles the engine.");

    private static PriorSection Prior(SectionReader r) => r.Section(
        "prior", "What is believed of every success rate before the prompt's own rollouts.", PriorSection.Read);

    private static (BudgetTerms Terms, BudgetBounds Bounds) TermsAndBounds(SectionReader r, int low)
    {
        var terms = Terms(r);
        return (terms, Bounds(r, terms, low));
    }

    private static BudgetTerms Terms(SectionReader r)
    {
        var terms = new BudgetTerms
        {
            PromptsPerStep = r.Integer("prompts_per_step", 32, AtLeast(1), "Prompts taken in a step."),
            RolloutsPerPrompt = r.Integer(
                "rollouts_per_prompt", 8, AtLeast(1), "Mean rollouts of a prompt; times prompts_per_step it is the budget in rollouts."),
            Unit = r.Choice(
                "unit", BudgetUnit.Rollouts, "What the budget counts.", ("rollouts", BudgetUnit.Rollouts), ("tokens", BudgetUnit.Tokens)),
            TokensPerStep = r.Long(
                "tokens_per_step", 0, AtLeast(0), 1L << 50, "Expected response tokens of a step; needed with unit: tokens, and only there."),
            Forgetting = r.Number(
                "forgetting", 0.9, AboveAtMost(0, 1), "What evidence of a prompt keeps of its weight each time the prompt is seen again."),
        };
        r.Check(
            () => terms.Unit == BudgetUnit.Rollouts ? terms.TokensPerStep == 0 : terms.TokensPerStep > 0, "tokens_per_step",
            () => terms.Unit == BudgetUnit.Rollouts ? "means nothing with unit: rollouts; leave it out or set unit: tokens" : "must be above 0 with unit: tokens");
        return terms;
    }

    private static BudgetBounds Bounds(SectionReader r, BudgetTerms terms, int low)
    {
        var bounds = new BudgetBounds
        {
            NLow = r.Integer("n_low", low, AtLeast(0), "Least rollouts of a prompt."),
            NUp = r.Integer("n_up", 128, Between(1, 65535), "Most rollouts of a prompt."),
            Solver = r.Choice(
                "solver", SolverChoice.Auto, "How plans are found.",
                ("auto", SolverChoice.Auto),
                ("threshold", SolverChoice.Threshold),
                ("dp", SolverChoice.DynamicProgramme),
                ("core", SolverChoice.Core),
                ("cbc", SolverChoice.Cbc)),
        };
        r.Check(() => bounds.NLow <= bounds.NUp, "n_low", () => $"must be at most budget.n_up ({bounds.NUp})");
        CheckMean(r, terms, bounds);
        return bounds;
    }

    /// <summary>A mean that no plan within the bounds can have is an error before the run, not in its first step.</summary>
    private static void CheckMean(SectionReader r, BudgetTerms terms, BudgetBounds bounds) => r.Check(
        () => terms.Unit == BudgetUnit.Tokens || (terms.RolloutsPerPrompt >= bounds.NLow && terms.RolloutsPerPrompt <= bounds.NUp),
        "rollouts_per_prompt",
        () => $"must be from budget.n_low ({bounds.NLow}) to budget.n_up ({bounds.NUp})");
}
