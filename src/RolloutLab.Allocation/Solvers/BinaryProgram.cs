namespace RolloutLab.Allocation;

/// <summary>
/// The binary programme of an allocation problem, by column. Where a prompt's marginals fall, a column is one rollout
/// more; elsewhere it is a choice of a count, and a row lets at most one of them be taken.
/// </summary>
internal sealed class BinaryProgram
{
    private readonly List<(int Prompt, int Rollouts)> _meaning = [];

    /// <summary>States the programme: what each column adds to the least plan.</summary>
    public BinaryProgram(AllocationProblem problem)
    {
        foreach (var budget in problem.Budgets)
        {
            Amounts.Add(budget.Amount - budget.Of(problem.Low));
        }

        for (var i = 0; i < problem.Count; i++)
        {
            var row = new double[problem.Up[i] + 1];
            problem.Values.Fill(i, row);
            Add(problem, i, row.AsSpan(problem.Low[i]));
        }
    }

    /// <summary>Value of each column.</summary>
    public List<double> Objective { get; } = [];

    /// <summary>First entry of each column, and one past the last.</summary>
    public List<int> Starts { get; } = [0];

    /// <summary>Row of each entry.</summary>
    public List<int> Rows { get; } = [];

    /// <summary>Coefficient of each entry.</summary>
    public List<double> Coefficients { get; } = [];

    /// <summary>Most of each row: the budgets, then 1 for each prompt with a choice.</summary>
    public List<double> Amounts { get; } = [];

    /// <summary>The plan that a solution means.</summary>
    public int[] PlanOf(AllocationProblem problem, double[] solution)
    {
        var plan = (int[])problem.Low.Clone();
        for (var column = 0; column < _meaning.Count; column++)
        {
            if (solution[column] > 0.5)
            {
                plan[_meaning[column].Prompt] += _meaning[column].Rollouts;
            }
        }

        return plan;
    }

    private void Add(AllocationProblem problem, int prompt, ReadOnlySpan<double> values)
    {
        if (IsConcave(values))
        {
            for (var n = 1; n < values.Length && values[n] > values[n - 1]; n++)
            {
                AddColumn(problem, prompt, 1, values[n] - values[n - 1], choice: -1);
            }

            return;
        }

        var choice = Amounts.Count;
        Amounts.Add(1);
        for (var n = 1; n < values.Length; n++)
        {
            if (values[n] > values[n - 1])
            {
                AddColumn(problem, prompt, n, values[n] - values[0], choice);
            }
        }
    }

    private void AddColumn(AllocationProblem problem, int prompt, int rollouts, double value, int choice)
    {
        _meaning.Add((prompt, rollouts));
        Objective.Add(value);
        for (var b = 0; b < problem.Budgets.Count; b++)
        {
            if (problem.Budgets[b].CostOf(prompt) is > 0 and var cost)
            {
                Rows.Add(b);
                Coefficients.Add(cost * rollouts);
            }
        }

        if (choice >= 0)
        {
            Rows.Add(choice);
            Coefficients.Add(1);
        }

        Starts.Add(Rows.Count);
    }

    private static bool IsConcave(ReadOnlySpan<double> values)
    {
        for (var n = 2; n < values.Length; n++)
        {
            // Marginals of a formula carry rounding of the values they are differences of.
            if (values[n] - values[n - 1] > values[n - 1] - values[n - 2] + (1e-15 * values[n]))
            {
                return false;
            }
        }

        return true;
    }
}
