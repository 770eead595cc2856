namespace RolloutLab.Allocation;

/// <summary>Makes a plan better as long as some prompt can be given more with what is left.</summary>
internal static class GreedyImprovement
{
    /// <summary>Raises prompts to the count of the greatest gain that still fits, best gain first, until nothing is gained.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="plan">A plan that keeps every budget; changed in place.</param>
    public static void Apply(AllocationProblem problem, int[] plan)
    {
        var rank = EvenFill.Ranks(problem);
        var left = problem.Budgets.Select(b => b.Amount - b.Of(plan)).ToArray();
        var queue = new PriorityQueue<int, (double Gain, int Rank)>();
        for (var i = 0; i < plan.Length; i++)
        {
            Offer(problem, plan, left, rank, queue, i);
        }

        while (queue.TryDequeue(out var i, out var offer))
        {
            var (gain, to) = BestRaise(problem, plan[i], left, i);
            if (gain <= 0)
            {
                continue;
            }

            // Less may be left than when the offer was made.
            if (gain < -offer.Gain)
            {
                queue.Enqueue(i, (-gain, rank[i]));
                continue;
            }

            for (var b = 0; b < left.Length; b++)
            {
                left[b] -= problem.Budgets[b].CostOf(i) * (to - plan[i]);
            }

            plan[i] = to;
            Offer(problem, plan, left, rank, queue, i);
        }
    }

    private static void Offer(
        AllocationProblem problem, int[] plan, double[] left, int[] rank, PriorityQueue<int, (double Gain, int Rank)> queue, int prompt)
    {
        var (gain, _) = BestRaise(problem, plan[prompt], left, prompt);
        if (gain > 0)
        {
            queue.Enqueue(prompt, (-gain, rank[prompt]));
        }
    }

    /// <summary>The raise with the greatest gain a rollout; the second step is enough to see past the worthless first rollout.</summary>
    private static (double Gain, int To) BestRaise(AllocationProblem problem, int from, double[] left, int prompt)
    {
        var (best, to) = (0.0, from);
        for (var n = from + 1; n <= Math.Min(problem.Up[prompt], from + 3) && Fits(problem, left, prompt, n - from); n++)
        {
            var gain = (problem.Values.Value(prompt, n) - problem.Values.Value(prompt, from)) / (n - from);
            (best, to) = gain > best ? (gain, n) : (best, to);
        }

        return (best, to);
    }

    private static bool Fits(AllocationProblem problem, double[] left, int prompt, int rollouts)
    {
        for (var b = 0; b < left.Length; b++)
        {
            if (problem.Budgets[b].CostOf(prompt) * rollouts > left[b])
            {
                return false;
            }
        }

        return true;
    }
}
