namespace RolloutLab.Allocation;

/// <summary>A problem with its prompts in the order that breaks ties, and the way back.</summary>
internal sealed class CanonicalOrder
{
    private readonly int[] _order;

    public CanonicalOrder(AllocationProblem problem)
    {
        _order = [.. Enumerable.Range(0, problem.Count)];
        Array.Sort(_order, problem.Order);
        Problem = new AllocationProblem(
            new Reordered(problem.Values, _order),
            [.. _order.Select(i => problem.Low[i])],
            [.. _order.Select(i => problem.Up[i])],
            [.. problem.Budgets.Select(b => b with { Costs = b.Costs is null ? null : [.. _order.Select(i => b.Costs[i])] })]);
    }

    /// <summary>The reordered problem.</summary>
    public AllocationProblem Problem { get; }

    /// <summary>A solution for the prompts as they were.</summary>
    public AllocationSolution Restore(AllocationSolution solution)
    {
        var plan = new int[_order.Length];
        for (var place = 0; place < plan.Length; place++)
        {
            plan[_order[place]] = solution.Plan[place];
        }

        return solution with { Plan = plan };
    }

    private sealed class Reordered(IRolloutValue values, int[] order) : IRolloutValue
    {
        public int Count => values.Count;

        public double Value(int prompt, int rollouts) => values.Value(order[prompt], rollouts);

        public double Marginal(int prompt, int rollouts) => values.Marginal(order[prompt], rollouts);

        public bool IsConcaveFrom(int rollouts) => values.IsConcaveFrom(rollouts);

        public int Best(int prompt, double price, int low, int up) => values.Best(order[prompt], price, low, up);

        public void Fill(int prompt, Span<double> row) => values.Fill(order[prompt], row);
    }
}
