using RolloutLab.Allocation;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.UnitTests.Recipes;

namespace RolloutLab.UnitTests.Allocation;

/// <summary>The prior fitted to the counts of all prompts: by hand, on drawn counts, and on its way into a plan.</summary>
public class BetaPriorTests
{
    [Fact]
    public void A_few_prompts_by_hand()
    {
        var fit = default(BetaPriorFit);
        fit.Add(2, 2);
        fit.Add(4, 0);
        fit.Add(0, 1);
        fit.Add(0, 0);

        // Rates 1/2, 1, 0 and 16 × 1/2: m = 9.5/19 = 1/2. Spreads 2·2/(4·3) = 1/3 and 0, over m(1 − m) = 1/4, and 16 × 1/2:
        // (4/3 + 8)/18 = 14/27, so κ = 14/13.
        Assert.Equal(7.0 / 13, fit.Prior.Successes, 12);
        Assert.Equal(7.0 / 13, fit.Prior.Failures, 12);
    }

    [Fact]
    public void Without_rollouts_it_is_one_half_and_single_rollouts_move_its_mean_alone()
    {
        Assert.Equal(BetaPrior.Jeffreys, default(BetaPriorFit).Prior);
        var fit = default(BetaPriorFit);
        for (var i = 0; i < 48; i++)
        {
            fit.Add(1, 0);
        }

        Assert.Equal(56.0 / 64, fit.Prior.Successes, 12);
        Assert.Equal(8.0 / 64, fit.Prior.Failures, 12);
    }

    [Theory]
    [InlineData(0.23, 0.154)]
    [InlineData(0.5, 0.5)]
    [InlineData(2, 6)]
    [InlineData(9, 3)]
    public void It_finds_the_distribution_the_rates_were_drawn_from_however_unequal_the_counts(double a, double b)
    {
        var random = new RandomStreams(11);
        var fit = default(BetaPriorFit);
        for (var i = 0; i < 60_000; i++)
        {
            var rate = BetaDraw.From(random.Stream(StreamPurpose.SuccessRates, prompt: i), a, b);

            // More rollouts where the rate is in the middle, as a knapsack gives them.
            var (count, successes) = (Math.Abs(rate - 0.4) < 0.3 ? 40 : 2 + (i % 3), 0);
            var outcomes = random.Stream(StreamPurpose.SimulatedRollout, prompt: i);
            for (var k = 0; k < count; k++)
            {
                successes += outcomes.Uniform(k) < rate ? 1 : 0;
            }

            fit.Add(successes, count - successes);
        }

        // κ/(κ + 1), the share of m(1 − m) that is within prompts, has a standard error of up to 0.004 here.
        var (fitted, drawn) = (fit.Prior.Successes + fit.Prior.Failures, a + b);
        Assert.Equal(a / drawn, fit.Prior.Successes / fitted, 0.01);
        Assert.Equal(drawn / (drawn + 1), fitted / (fitted + 1), 0.012);
    }

    [Fact]
    public void Counts_without_any_spread_leave_it_proper()
    {
        var fit = default(BetaPriorFit);
        for (var i = 0; i < 1_000_000; i++)
        {
            fit.Add(i % 2 == 0 ? 8 : 0, i % 2 == 0 ? 0 : 8);
        }

        Assert.Equal(1.0 / 128, fit.Prior.Successes, 6);
        Assert.Equal(1.0 / 128, fit.Prior.Failures, 6);
        fit = default;
        for (var i = 0; i < 1000; i++)
        {
            fit.Add(1, 1);
        }

        // 1·1/(2·1) = 1/2 is above m(1 − m) = 1/4: as concentrated as allowed.
        Assert.Equal(64, fit.Prior.Successes + fit.Prior.Failures, 9);
    }

    [Fact]
    public void A_plan_counts_the_prior_and_the_fitted_one_follows_what_the_ledger_knows()
    {
        var ledger = new PromptLedger(400, new LedgerOptions(0.9));
        for (var i = 2; i < 400; i++)
        {
            // All others are solved always: with that known, one success is more of a reason to look elsewhere.
            ledger.Preload(i, 8, 0, 10);
        }

        ledger.Preload(0, 1, 0, 10);
        ledger.Preload(1, 0, 1, 10);
        int[] Plan(string prior) => [.. AllocationRules.Create(
            RecipeText.Parse("model: { path: model }\nbudget: { type: knapsack_bayes, prompts_per_step: 2, rollouts_per_prompt: 10" + prior + " }\n").Budget, ledger, new RandomStreams(1))
            .NextRound(new BudgetRequest(1, 0, [Groups.Prompt(0), Groups.Prompt(1)], [])).Budgets.Select(b => b.Rollouts)];

        int[] Best(double a, double b) => ThresholdSolver.Solve(new AllocationProblem(
            new PosteriorValue([a + 1, a], [b, b + 1]), [2, 2], [128, 128], [new BudgetLimit("rollouts", null, 20)]));
        var fitted = ledger.FitPrior();
        Assert.True(fitted.Successes / (fitted.Successes + fitted.Failures) > 0.95);
        Assert.Equal(Best(0.5, 0.5), Plan(", prior: { type: fixed }"));
        Assert.Equal(Best(3, 0.25), Plan(", prior: { type: fixed, alpha: 3, beta: 0.25 }"));
        Assert.Equal(Best(fitted.Successes, fitted.Failures), Plan(""));
        Assert.NotEqual(Plan(", prior: { type: fixed }"), Plan(""));
    }

    [Fact]
    public void A_prior_is_a_key_of_the_rules_that_have_a_posterior()
    {
        var budget = Assert.IsType<ThompsonBudgetSection>(RecipeText.Parse("model: { path: model }\nbudget: { type: thompson }\n").Budget);
        Assert.IsType<FittedPriorSection>(budget.Prior);
        Assert.Throws<RecipeException>(() => RecipeText.Parse("model: { path: model }\nbudget: { type: ucb, prior: { type: fixed } }\n"));
        Assert.Throws<RecipeException>(() => RecipeText.Parse("model: { path: model }\nbudget: { type: thompson, prior: { type: fixed, alpha: 0 } }\n"));
    }
}
