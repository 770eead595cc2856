using RolloutLab.Core;

namespace RolloutLab.Allocation;

/// <summary>What a step may spend.</summary>
/// <param name="RolloutsPerPrompt">Budget in rollouts: this times the step's prompts; ignored where tokens are counted.</param>
/// <param name="Tokens">Budget in expected response tokens; null where rollouts are counted.</param>
/// <param name="MostPerPrompt">Most rollouts of a prompt: a budget beyond what it allows is not spent.</param>
public sealed record StepBudget(double RolloutsPerPrompt, double? Tokens, int MostPerPrompt);

/// <summary>Asks a rule for plans, from what the ledger knows of a step's prompts.</summary>
/// <param name="rule">The rule.</param>
/// <param name="ledger">Evidence and costs; borrowed, only read.</param>
/// <param name="budget">What a step may spend.</param>
/// <param name="prior">What is believed of every success rate before its evidence; null fits it to the ledger before each step.</param>
public sealed class RuleAllocator(IAllocationRule rule, PromptLedger ledger, StepBudget budget, BetaPrior? prior) : IBudgetAllocator
{
    private BetaPrior? _fitted;

    /// <inheritdoc/>
    public BudgetPlan NextRound(BudgetRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Prompts.Count == 0)
        {
            return BudgetPlan.Empty;
        }

        // The ledger learns between steps only, so that one fit does for all rounds.
        _fitted = prior ?? (request.Round == 0 ? null : _fitted) ?? ledger.FitPrior();
        var statistics = Statistics(request.Prompts, _fitted.Value);
        var outcomes = Outcomes(request);
        if (rule.NextRound(statistics, outcomes) is not { } solution)
        {
            return BudgetPlan.Empty;
        }

        var budgets = new List<PromptBudget>(request.Prompts.Count);
        for (var i = 0; i < solution.Plan.Length; i++)
        {
            if (solution.Plan[i] > 0)
            {
                budgets.Add(new PromptBudget(request.Prompts[i], outcomes.Given[i], solution.Plan[i]));
            }
        }

        return budgets.Count == 0 ? BudgetPlan.Empty : new BudgetPlan(budgets, statistics.Budgets[0].Of(solution.Plan));
    }

    private PromptStatistics Statistics(IReadOnlyList<Prompt> prompts, BetaPrior before)
    {
        var entries = prompts.Select(p => ledger[p.Index]).ToArray();
        return new PromptStatistics
        {
            Ids = prompts.Select(p => p.Id).ToArray(),
            Keys = prompts.Select(p => (long)p.Index).ToArray(),
            Rates = entries.Select(e => (double)e.LastRate).ToArray(),
            Successes = entries.Select(e => before.Successes + e.Successes).ToArray(),
            Failures = entries.Select(e => before.Failures + e.Failures).ToArray(),
            Evidence = entries.Select(e => (double)e.Successes + e.Failures).ToArray(),
            Budgets = [Limit(prompts)],
        };
    }

    private BudgetLimit Limit(IReadOnlyList<Prompt> prompts)
    {
        if (budget.Tokens is not { } tokens)
        {
            return new BudgetLimit("rollouts", null, Math.Floor(Math.Min(budget.RolloutsPerPrompt, budget.MostPerPrompt) * prompts.Count));
        }

        var costs = prompts.Select(p => ledger.ExpectedCost(p.Index)).ToArray();

        // What all bounds together allow, in an order of its own and with room for rounding: where that is less than the budget no
        // rollout may be left out because a sum came out a digit lower.
        var most = costs.Order().Sum() * budget.MostPerPrompt * (1 + AllocationProblem.Rounding);
        return new BudgetLimit("tokens", costs, Math.Min(tokens, most));
    }

    private static RoundOutcomes Outcomes(BudgetRequest request)
    {
        var count = request.Prompts.Count;
        var outcomes = new RoundOutcomes
        {
            Step = request.Step,
            Round = request.Round,
            Given = request.Asked.Count > 0 ? [.. request.Asked] : new int[count],
            InFlight = request.InFlight.Count > 0 ? [.. request.InFlight] : new int[count],
            Graded = new int[count],
            Correct = new int[count],
            Mean = new double[count],
            Deviation = new double[count],
        };
        for (var i = 0; i < request.GradedSoFar.Count; i++)
        {
            var group = request.GradedSoFar[i];
            outcomes.Given[i] = request.Asked.Count > 0 ? request.Asked[i] : group.Count;
            Count(group.Verdicts, outcomes, i);
        }

        return outcomes;
    }

    private static void Count(IReadOnlyList<Verdict> verdicts, RoundOutcomes outcomes, int prompt)
    {
        var (sum, squares) = (0.0, 0.0);
        for (var j = 0; j < verdicts.Count; j++)
        {
            outcomes.Correct[prompt] += verdicts[j].IsCorrect ? 1 : 0;
            if (!float.IsNaN(verdicts[j].Reward))
            {
                outcomes.Graded[prompt]++;
                sum += verdicts[j].Reward;
            }
        }

        var count = outcomes.Graded[prompt];
        var mean = outcomes.Mean[prompt] = count > 0 ? sum / count : 0;
        for (var j = 0; j < verdicts.Count; j++)
        {
            var difference = verdicts[j].Reward - mean;
            squares += double.IsNaN(difference) ? 0 : difference * difference;
        }

        outcomes.Deviation[prompt] = count > 1 ? Math.Sqrt(squares / (count - 1)) : 0;
    }
}
