namespace RolloutLab.Allocation;

/// <summary>Spends what a plan has left on the prompts with the fewest rollouts.</summary>
public static class EvenFill
{
    /// <summary>
    /// Adds rollouts one at a time to the prompt with the fewest, in the problem's order on ties, as long as one fits
    /// every budget.
    /// </summary>
    /// <param name="problem">Budgets and order.</param>
    /// <param name="plan">The plan, changed in place.</param>
    /// <param name="up">Most rollouts of each prompt here; prompts at or above it get none.</param>
    public static void Spend(AllocationProblem problem, int[] plan, int[] up)
    {
        if (problem.CountsRollouts)
        {
            SpendRollouts(problem, plan, up, (long)problem.Budgets[0].Amount - plan.Sum(n => (long)n));
        }
        else
        {
            SpendCosts(problem, plan, up);
        }
    }

    private static void SpendRollouts(AllocationProblem problem, int[] plan, int[] up, long rest)
    {
        rest = Math.Min(rest, Room(plan, up, int.MaxValue));
        if (rest <= 0)
        {
            return;
        }

        // The water level: the greatest count that all can be raised to.
        long low = 0, high = up.Max();
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = Room(plan, up, middle) <= rest ? (middle, high) : (low, middle - 1);
        }

        rest -= Room(plan, up, low);
        var open = new List<int>();
        for (var i = 0; i < plan.Length; i++)
        {
            plan[i] = (int)Math.Max(plan[i], Math.Min(low, up[i]));
            if (rest > 0 && plan[i] == low && up[i] > low)
            {
                open.Add(i);
            }
        }

        open.Sort(problem.Order);
        foreach (var i in open.Take((int)rest))
        {
            plan[i]++;
        }
    }

    private static long Room(int[] plan, int[] up, long level)
    {
        var room = 0L;
        for (var i = 0; i < plan.Length; i++)
        {
            room += Math.Max(0, Math.Min(level, up[i]) - plan[i]);
        }

        return room;
    }

    private static void SpendCosts(AllocationProblem problem, int[] plan, int[] up)
    {
        var rank = Ranks(problem);
        var left = problem.Budgets.Select(b => b.Amount - b.Of(plan)).ToArray();
        var queue = new PriorityQueue<int, (int Rollouts, int Rank)>(
            Enumerable.Range(0, plan.Length).Where(i => plan[i] < up[i]).Select(i => (i, (plan[i], rank[i]))));
        while (queue.TryDequeue(out var i, out _))
        {
            if (!Fits(problem, left, i))
            {
                continue;
            }

            plan[i]++;
            for (var b = 0; b < left.Length; b++)
            {
                left[b] -= problem.Budgets[b].CostOf(i);
            }

            if (plan[i] < up[i])
            {
                queue.Enqueue(i, (plan[i], rank[i]));
            }
        }

        Repay(problem, plan);
    }

    private static bool Fits(AllocationProblem problem, double[] left, int prompt)
    {
        for (var b = 0; b < left.Length; b++)
        {
            if (problem.Budgets[b].CostOf(prompt) > left[b])
            {
                return false;
            }
        }

        return true;
    }

    // What is left was counted down in another order than the total is added up in: the last digit can differ.
    private static void Repay(AllocationProblem problem, int[] plan)
    {
        for (var i = plan.Length - 1; i >= 0 && !problem.Affords(plan); i--)
        {
            plan[i] = Math.Max(problem.Low[i], plan[i] - 1);
        }
    }

    /// <summary>The place of each prompt in the problem's order.</summary>
    internal static int[] Ranks(AllocationProblem problem)
    {
        var sorted = Enumerable.Range(0, problem.Count).ToArray();
        Array.Sort(sorted, problem.Order);
        var rank = new int[sorted.Length];
        for (var place = 0; place < sorted.Length; place++)
        {
            rank[sorted[place]] = place;
        }

        return rank;
    }
}
