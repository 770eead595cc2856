namespace RolloutLab.Allocation;

/// <summary>
/// XRPO's hierarchical rollout planning (arXiv 2510.06672): a first round of n₀ rollouts for every prompt, then rounds
/// that go to the highest priorities Π = [h(n) − h(n + 1)] + λ√(ln(1 + T)/n), where h(n) = t(1 − α/2, n − 1)·s/√n is the
/// half-width of the confidence interval of a prompt's mean reward at its standard deviation s, n its rollouts and T the
/// rollouts spent so far in the step (the paper calls it the round counter). Inside a round T and s stay and n counts up,
/// so that one prompt can get several rollouts; after each round all are estimated anew. Rollouts in flight count in n as
/// if they had narrowed the interval already.
/// </summary>
/// <param name="bounds">Bounds and solver.</param>
/// <param name="firstRound">n₀, at least 2.</param>
/// <param name="roundRollouts">Rollouts of each later round, at least 1.</param>
/// <param name="exploration">λ, at least 0.</param>
/// <param name="alpha">α in (0, 1).</param>
public sealed class XrpoRule(AllocationBounds bounds, int firstRound, int roundRollouts, double exploration, double alpha) : IAllocationRule
{
    private readonly IntervalWidths _widths = new(alpha);

    /// <inheritdoc/>
    public AllocationSolution? NextRound(PromptStatistics prompts, RoundOutcomes outcomes)
    {
        if (outcomes.Round == 0)
        {
            var first = AllocationBounds.All(prompts, Math.Clamp(firstRound, bounds.Low, bounds.Up));
            _ = new AllocationProblem(new ShareValue(new double[first.Length]), first, AllocationBounds.All(prompts, int.MaxValue), prompts.Budgets);
            return new AllocationSolution(first, 0, 0, SolverKind.Auto);
        }

        return Continue(prompts, outcomes, roundRollouts);
    }

    /// <summary>The rollouts of a round that follows the outcomes.</summary>
    /// <param name="prompts">The prompts and the budget of the step.</param>
    /// <param name="outcomes">What there is; a prompt without rollouts comes first.</param>
    /// <param name="rollouts">Most rollouts of the round.</param>
    public AllocationSolution Continue(PromptStatistics prompts, RoundOutcomes outcomes, int rollouts)
    {
        var room = outcomes.Given.Select(n => Math.Max(0, bounds.Up - n)).ToArray();
        var values = Priorities(outcomes, Math.Max(1, room.Max()));
        return AllocationSolver.Solve(
            new AllocationProblem(values, new int[room.Length], room, Rest(prompts, outcomes.Given, room, rollouts), prompts.ById), bounds.Solver);
    }

    /// <summary>The priorities as values of further rollouts.</summary>
    /// <param name="outcomes">What there is.</param>
    /// <param name="room">Most further rollouts of a prompt, at least 1.</param>
    public IRolloutValue Priorities(RoundOutcomes outcomes, int room) => new PriorityValue(
        outcomes, exploration, _widths.UpTo(outcomes.Graded.Zip(outcomes.InFlight, (g, f) => g + f).Max() + room + 1));

    /// <summary>What the round may spend of each budget: what is left, and not more than the round's rollouts cost on average.</summary>
    private static List<BudgetLimit> Rest(PromptStatistics prompts, int[] given, int[] room, int rollouts)
    {
        var rest = new List<BudgetLimit>();
        foreach (var budget in prompts.Budgets)
        {
            var mean = budget.Costs is null ? 1 : budget.Costs.Order().Sum() / prompts.Count;
            var amount = Math.Min(budget.Amount - budget.Of(given), rest.Count == 0 ? mean * rollouts : double.PositiveInfinity);
            rest.Add(budget with { Amount = Math.Max(0, Math.Min(amount, budget.Of(room))) });
        }

        return rest;
    }

    /// <summary>Priorities as values of further rollouts; they fall as rollouts are added.</summary>
    private sealed class PriorityValue : IRolloutValue
    {
        // Above any priority that a prompt with rollouts can have.
        private const double First = 1e9;

        private readonly RoundOutcomes _outcomes;
        private readonly double[] _width;
        private readonly double _bonus;

        public PriorityValue(RoundOutcomes outcomes, double exploration, double[] width)
        {
            _outcomes = outcomes;
            _bonus = exploration * Math.Sqrt(GradientOdds.LogOnePlus(outcomes.Given.Sum(n => (double)n)));
            _width = width;
        }

        public int Count => _outcomes.Given.Length;

        public double Value(int prompt, int rollouts)
        {
            var value = 0.0;
            for (var n = 0; n < rollouts; n++)
            {
                value += Marginal(prompt, n);
            }

            return value;
        }

        public double Marginal(int prompt, int rollouts)
        {
            var graded = _outcomes.Graded[prompt] + _outcomes.InFlight[prompt] + rollouts;
            var narrowing = graded >= 2 ? _outcomes.Deviation[prompt] * (_width[graded] - _width[graded + 1]) : 0;
            var given = _outcomes.Given[prompt] + rollouts;
            return given == 0 ? First : narrowing + (_bonus / Math.Sqrt(given));
        }

        // With one reward there is no deviation either, so that the step to two adds no narrowing.
        public bool IsConcaveFrom(int rollouts) => true;

        public int Best(int prompt, double price, int low, int up)
        {
            var (from, to) = (low, up);
            while (from < to)
            {
                var middle = from + ((to - from + 1) / 2);
                (from, to) = Marginal(prompt, middle - 1) >= price ? (middle, to) : (from, middle - 1);
            }

            return from;
        }
    }
}
