namespace RolloutLab.Allocation;

/// <summary>
/// Exact plans under one budget for any values and costs. The Lagrangian plan and its bound leave a gap; a choice that
/// loses more than the gap against the Lagrangian cannot be part of the best plan, which leaves few choices, the core.
/// A dynamic programme over the undominated pairs (cost, value) of the core then finds the best plan (after the expanding
/// core of Pisinger, EJOR 83(2), 1995). Should the pairs outgrow memory, the best plan so far is given with its gap.
/// </summary>
public sealed class CoreSolver
{
    private const int MostStates = 8_000_000;

    private readonly AllocationProblem _problem;
    private readonly BudgetLimit _budget;
    private readonly LagrangianBound _bound;
    private readonly List<State> _states = [new State(0, 0, -1, 0, 0)];
    private readonly double _slack;
    private readonly double _baseValue;
    private readonly double _tolerance;
    private int[] _best;
    private double _bestValue;

    private CoreSolver(AllocationProblem problem)
    {
        (_problem, _budget, _bound) = (problem, problem.Budgets[0], new LagrangianBound(problem));
        _baseValue = problem.ValueOf(_bound.Plan);
        _slack = _budget.Amount - _budget.Of(_bound.Plan);
        _tolerance = 1e-12 * Math.Max(1, Math.Abs(_budget.Amount));
        _best = (int[])_bound.Plan.Clone();
        GreedyImprovement.Apply(problem, _best);
        if (!problem.Affords(_best))
        {
            _best = (int[])_bound.Plan.Clone();
        }

        _bestValue = problem.ValueOf(_best);
    }

    /// <summary>Whether the problem has one budget.</summary>
    public static bool Fits(AllocationProblem problem) => problem.Budgets.Count == 1;

    /// <summary>The best plan, or a good one with its gap.</summary>
    /// <exception cref="ArgumentException">The problem has several budgets.</exception>
    public static AllocationSolution Solve(AllocationProblem problem)
    {
        if (!Fits(problem))
        {
            throw new ArgumentException("There must be one budget.", nameof(problem));
        }

        var solver = new CoreSolver(problem);
        var gap = solver.Search() ? 0 : solver.Gap;
        EvenFill.Spend(problem, solver._best, problem.Up);
        return new AllocationSolution(solver._best, problem.ValueOf(solver._best), gap, SolverKind.Core);
    }

    private double Gap => _bound.Bound > 0 ? Math.Max(0, _bound.Bound - _bestValue) / _bound.Bound : 0;

    /// <summary>What may still be lost against the Lagrangian, rounding allowed for.</summary>
    private double MostLoss => _bound.PlanBound - _bestValue + (1e-13 * Math.Abs(_bound.PlanBound));

    private bool Search()
    {
        var frontier = new List<int> { 0 };
        foreach (var (prompt, choices) in Core())
        {
            var loss = MostLoss;
            var open = choices.Where(c => c.Loss <= loss).ToList();
            if (open.Count == 0)
            {
                continue;
            }

            frontier = Extend(frontier, prompt, open);
            Improve(frontier);
            if (_states.Count > MostStates)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The choices that lose no more than the gap, for each prompt that has any; those with the least loss first.</summary>
    private List<(int Prompt, List<Choice> Choices)> Core()
    {
        var core = new List<(int Prompt, List<Choice> Choices)>();
        for (var i = 0; i < _problem.Count; i++)
        {
            var row = new double[_problem.Up[i] + 1];
            _problem.Values.Fill(i, row);
            var (at, price) = (_bound.Plan[i], _bound.PriceOf(i));
            var choices = new List<Choice>();
            for (var n = _problem.Low[i]; n < row.Length; n++)
            {
                var loss = row[at] - row[n] + (price * (n - at));
                if (n != at && loss <= MostLoss)
                {
                    choices.Add(new Choice(n, Math.Max(0, loss), _budget.CostOf(i) * (n - at), row[n] - row[at]));
                }
            }

            if (choices.Count > 0)
            {
                core.Add((i, choices));
            }
        }

        var rank = EvenFill.Ranks(_problem);
        core.Sort((x, y) =>
        {
            var byLoss = x.Choices.Min(c => c.Loss).CompareTo(y.Choices.Min(c => c.Loss));
            return byLoss != 0 ? byLoss : rank[x.Prompt].CompareTo(rank[y.Prompt]);
        });
        return core;
    }

    private List<int> Extend(List<int> frontier, int prompt, List<Choice> choices)
    {
        var most = MostLoss;
        var next = new List<(double Cost, double Value, int From, int Rollouts)>();
        foreach (var from in frontier)
        {
            var state = _states[from];
            next.Add((state.Cost, state.Value, from, -1));
            foreach (var choice in choices)
            {
                var (cost, value) = (state.Cost + choice.Cost, state.Value + choice.Value);
                if ((_bound.Price * cost) - value <= most)
                {
                    next.Add((cost, value, from, choice.Rollouts));
                }
            }
        }

        next.Sort((x, y) => x.Cost != y.Cost ? x.Cost.CompareTo(y.Cost) : y.Value.CompareTo(x.Value));
        var kept = new List<int>();
        var best = double.NegativeInfinity;
        foreach (var (cost, value, from, rollouts) in next)
        {
            if (value > best)
            {
                best = value;
                kept.Add(rollouts < 0 ? from : _states.Count);
                if (rollouts >= 0)
                {
                    _states.Add(new State(cost, value, from, prompt, rollouts));
                }
            }
        }

        return kept;
    }

    /// <summary>Takes the best affordable state, if it is better than what is known.</summary>
    private void Improve(List<int> frontier)
    {
        for (var k = frontier.Count - 1; k >= 0; k--)
        {
            var state = _states[frontier[k]];
            if (state.Cost > _slack + _tolerance)
            {
                continue;
            }

            if (_baseValue + state.Value <= _bestValue)
            {
                return;
            }

            var plan = PlanOf(frontier[k]);
            if (_problem.Affords(plan))
            {
                (_best, _bestValue) = (plan, _baseValue + state.Value);
                return;
            }
        }
    }

    private int[] PlanOf(int index)
    {
        var plan = (int[])_bound.Plan.Clone();
        for (var at = index; _states[at].From >= 0; at = _states[at].From)
        {
            plan[_states[at].Prompt] = _states[at].Rollouts;
        }

        return plan;
    }

    private readonly record struct Choice(int Rollouts, double Loss, double Cost, double Value);

    private readonly record struct State(double Cost, double Value, int From, int Prompt, int Rollouts);
}
