namespace RolloutLab.Allocation;

/// <summary>
/// A price λ for one unit of the budget (of a weighted sum of budgets), the plan that is best at that price and affordable,
/// and the bound Σ max_n (V − λcn) + λB that no plan exceeds.
/// </summary>
internal sealed class LagrangianBound
{
    private readonly AllocationProblem _problem;
    private readonly double[] _weights;

    /// <summary>Finds the least price whose plan is affordable.</summary>
    public LagrangianBound(AllocationProblem problem)
    {
        _problem = problem;
        _weights = problem.Budgets.Select(b => problem.Budgets.Count == 1 || !(b.Amount > 0) ? 1 : 1 / b.Amount).ToArray();
        Plan = PlanAt(0);
        if (problem.Affords(Plan))
        {
            Bound = PlanBound = BoundAt(0, Plan);
            return;
        }

        var (low, high) = (0.0, Start());
        while (!problem.Affords(PlanAt(high)))
        {
            (low, high) = (high, high * 4);
        }

        for (var step = 0; step < 200 && high > low * (1 + 1e-15) && high > 1e-300; step++)
        {
            var middle = low > 0 ? Math.Sqrt(low) * Math.Sqrt(high) : high / 1024;
            (low, high) = problem.Affords(PlanAt(middle)) ? (low, middle) : (middle, high);
        }

        Price = high;
        Plan = PlanAt(high);
        PlanBound = BoundAt(high, Plan);
        Bound = Math.Min(PlanBound, BoundAt(low, PlanAt(low)));
    }

    /// <summary>λ.</summary>
    public double Price { get; }

    /// <summary>The plan that is best at the price; keeps every budget.</summary>
    public int[] Plan { get; }

    /// <summary>No plan is worth more.</summary>
    public double Bound { get; }

    /// <summary>The bound at <see cref="Price"/>, which the losses of choices against <see cref="Plan"/> count from.</summary>
    public double PlanBound { get; }

    /// <summary>The price of one rollout of a prompt.</summary>
    public double PriceOf(int prompt) => Price * Weight(prompt);

    private double Weight(int prompt)
    {
        var weight = 0.0;
        for (var b = 0; b < _weights.Length; b++)
        {
            weight += _weights[b] * _problem.Budgets[b].CostOf(prompt);
        }

        return weight;
    }

    private int[] PlanAt(double price)
    {
        var plan = new int[_problem.Count];
        for (var i = 0; i < plan.Length; i++)
        {
            var each = price * Weight(i);

            // Best answers ties with the most rollouts; a prompt that costs nothing takes all it may.
            plan[i] = _problem.Values.Best(i, each, _problem.Low[i], _problem.Up[i]);
        }

        return plan;
    }

    private double BoundAt(double price, int[] plan)
    {
        var bound = 0.0;
        for (var b = 0; b < _weights.Length; b++)
        {
            bound += price * _weights[b] * _problem.Budgets[b].Amount;
        }

        for (var i = 0; i < plan.Length; i++)
        {
            bound += _problem.Values.Value(i, plan[i]) - (price * Weight(i) * plan[i]);
        }

        return bound;
    }

    // At the greatest value of any prompt for its cheapest unit, only the least plan is left.
    private double Start()
    {
        var price = 1e-12;
        for (var i = 0; i < _problem.Count; i++)
        {
            var (value, weight) = (_problem.Values.Value(i, _problem.Up[i]), Weight(i));
            price = weight > 0 ? Math.Max(price, value / weight) : price;
        }

        return price;
    }
}
