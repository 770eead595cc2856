using System.Globalization;
using RolloutLab.Core;

namespace RolloutLab.Allocation;

/// <summary>
/// Maximise Σ V(i, n_i) with low_i ≤ n_i ≤ up_i under one budget or several. A plan uses all of its budget where bounds
/// allow: no rollout that still fits is left out, also when it adds no value.
/// </summary>
public sealed class AllocationProblem
{
    /// <summary>How far two sums of the same costs can be apart, as a share of them.</summary>
    public const double Rounding = 1e-9;

    /// <summary>States a problem.</summary>
    /// <param name="values">What rollouts are worth.</param>
    /// <param name="low">Least rollouts of each prompt, at least 0; borrowed.</param>
    /// <param name="up">Most rollouts of each prompt, at least <paramref name="low"/>; borrowed.</param>
    /// <param name="budgets">The budgets, at least one; all hold together.</param>
    /// <param name="order">Breaks ties between prompts: the lesser comes first. Null for their position.</param>
    /// <exception cref="BudgetException">No prompts, a cost that is negative or not finite, or a budget below what the least plan costs or above what the greatest costs.</exception>
    /// <exception cref="ArgumentException">Arrays of different lengths, or bounds that are none.</exception>
    public AllocationProblem(IRolloutValue values, int[] low, int[] up, IReadOnlyList<BudgetLimit> budgets, IComparer<int>? order = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(budgets.Count);
        (Values, Low, Up, Budgets, Order) = (values, low, up, budgets, order ?? Comparer<int>.Default);
        if (low.Length != values.Count || up.Length != values.Count)
        {
            throw new ArgumentException("Bounds and values belong to different numbers of prompts.", nameof(low));
        }

        if (low.Length == 0)
        {
            throw new BudgetException("there are no prompts to share a budget among; give at least one");
        }

        for (var i = 0; i < low.Length; i++)
        {
            if (low[i] < 0 || up[i] < low[i])
            {
                throw new ArgumentException($"The bounds {low[i]} to {up[i]} of prompt {i} are none.", nameof(up));
            }
        }

        foreach (var budget in budgets)
        {
            Check(budget);
        }
    }

    /// <summary>What rollouts are worth.</summary>
    public IRolloutValue Values { get; }

    /// <summary>Least rollouts of each prompt.</summary>
    public int[] Low { get; }

    /// <summary>Most rollouts of each prompt.</summary>
    public int[] Up { get; }

    /// <summary>The budgets; the first is the main one.</summary>
    public IReadOnlyList<BudgetLimit> Budgets { get; }

    /// <summary>Breaks ties between prompts.</summary>
    public IComparer<int> Order { get; }

    /// <summary>Number of prompts.</summary>
    public int Count => Low.Length;

    /// <summary>Whether there is one budget and every rollout costs 1 of it.</summary>
    public bool CountsRollouts => Budgets.Count == 1 && Budgets[0].Costs is null;

    /// <summary>Σ V(i, plan[i]).</summary>
    public double ValueOf(ReadOnlySpan<int> plan)
    {
        var sum = 0.0;
        for (var i = 0; i < plan.Length; i++)
        {
            sum += Values.Value(i, plan[i]);
        }

        return sum;
    }

    /// <summary>Whether a plan keeps every budget.</summary>
    public bool Affords(ReadOnlySpan<int> plan)
    {
        foreach (var budget in Budgets)
        {
            if (budget.Of(plan) > budget.Amount)
            {
                return false;
            }
        }

        return true;
    }

    private void Check(BudgetLimit budget)
    {
        for (var i = 0; budget.Costs is { } costs && i < costs.Length; i++)
        {
            if (!(costs[i] >= 0) || double.IsInfinity(costs[i]))
            {
                throw new BudgetException($"{budget.Name}: the cost of prompt {i + 1} is {Text(costs[i])}; a cost must be a number of at least 0");
            }
        }

        var (least, most) = (budget.Of(Low), budget.Of(Up));
        if (!(budget.Amount >= least))
        {
            throw new BudgetException(
                $"budget of {Text(budget.Amount)} {budget.Name}: {Count} prompts with the least rollouts each need {Text(least)}; "
                + $"give {Text(least)} to {Text(most)}, or a lower n_low");
        }

        if ((Budgets.Count == 1 && budget.Amount > most * (1 + (2 * Rounding))) || double.IsInfinity(budget.Amount))
        {
            throw new BudgetException(
                $"budget of {Text(budget.Amount)} {budget.Name}: {Count} prompts with the most rollouts each use only {Text(most)}; "
                + $"give {Text(least)} to {Text(most)}, or a higher n_up");
        }
    }

    private static string Text(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);
}
