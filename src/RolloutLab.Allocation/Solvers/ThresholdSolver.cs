namespace RolloutLab.Allocation;

/// <summary>
/// Exact plans where marginal values fall and every rollout costs the same: the best plan takes the greatest marginals,
/// so one threshold λ decides. λ is bracketed on a sample of the prompts, the bracket is narrowed by counting, and only
/// the marginals inside it are looked at one by one: time and memory are linear in the prompts, whatever the budget.
/// Equal marginals go to the prompt with fewer rollouts, then to the first in the problem's order; what no marginal
/// above 0 asks for is spread evenly.
/// </summary>
public static class ThresholdSolver
{
    private const double Smallest = 1e-300;
    private const int SmallSample = 64;
    private const int LargeSample = 4096;

    /// <summary>Whether the problem has the shape this solver is exact for.</summary>
    public static bool Fits(AllocationProblem problem) => problem.CountsRollouts && problem.Values.IsConcaveFrom(problem.Low.Min());

    /// <summary>The best plan.</summary>
    /// <exception cref="ArgumentException">The problem does not <see cref="Fits"/>.</exception>
    public static int[] Solve(AllocationProblem problem)
    {
        if (!Fits(problem))
        {
            throw new ArgumentException("Marginal values must fall, and every rollout must cost 1.", nameof(problem));
        }

        var units = (long)problem.Budgets[0].Amount;
        var lower = new Bracket(problem, Smallest);
        if (lower.Total <= units)
        {
            EvenFill.Spend(problem, lower.Counts, problem.Up);
            return lower.Counts;
        }

        var top = 0.0;
        for (var i = 0; i < problem.Count; i++)
        {
            top = problem.Up[i] > problem.Low[i] ? Math.Max(top, problem.Values.Marginal(i, problem.Low[i])) : top;
        }

        var upper = new Bracket(problem, 2 * top);
        Narrow(problem, units, ref lower, ref upper);
        return Choose(problem, units, lower, upper);
    }

    /// <summary>Moves both ends towards the threshold until few marginals lie between them.</summary>
    private static void Narrow(AllocationProblem problem, long units, ref Bracket lower, ref Bracket upper)
    {
        var few = Math.Max(problem.Count / 4, 1024);
        var sample = new Sample(problem, Math.Clamp(problem.Count / 16, SmallSample, LargeSample));
        var guess = sample.Threshold(units, lower.Price, upper.Price);
        var margin = 2 / Math.Sqrt(sample.Size);
        for (var attempt = 0; lower.Total - upper.Total > few && upper.Price > lower.Price * (1 + 1e-12); attempt++)
        {
            var price = attempt switch
            {
                0 => guess * Math.Exp(margin),
                1 => guess * Math.Exp(-margin),
                _ => Between(lower, upper, units, bisect: attempt % 3 == 0),
            };
            if (price > lower.Price && price < upper.Price)
            {
                var middle = new Bracket(problem, price);
                (lower, upper) = middle.Total > units ? (middle, upper) : (lower, middle);
            }
        }
    }

    /// <summary>A price inside, in the logarithm: in proportion to the counts, or, so that it ends, in the middle.</summary>
    private static double Between(Bracket lower, Bracket upper, long units, bool bisect)
    {
        var share = bisect ? 0.5 : Math.Clamp((double)(lower.Total - units) / (lower.Total - upper.Total), 0.02, 0.98);
        return Math.Exp(Math.Log(lower.Price) + (share * Math.Log(upper.Price / lower.Price)));
    }

    private static int[] Choose(AllocationProblem problem, long units, Bracket lower, Bracket upper)
    {
        var candidates = new Candidate[lower.Total - upper.Total];
        var plan = upper.Counts;
        for (int i = 0, at = 0; i < plan.Length; i++)
        {
            for (var n = plan[i]; n < lower.Counts[i]; n++)
            {
                candidates[at++] = new Candidate(problem.Values.Marginal(i, n), n, i);
            }
        }

        var take = (int)(units - upper.Total);
        Array.Sort(candidates);
        if (take > 0 && take < candidates.Length)
        {
            // Only those that tie with the last one taken need the problem's order, which may compare texts.
            var last = candidates[take - 1];
            var from = Array.FindIndex(candidates, last.Ties);
            var to = Array.FindLastIndex(candidates, last.Ties) + 1;
            Array.Sort(candidates, from, to - from, Comparer<Candidate>.Create((x, y) => problem.Order.Compare(x.Prompt, y.Prompt)));
        }

        foreach (var taken in candidates.AsSpan(0, take))
        {
            plan[taken.Prompt]++;
        }

        return plan;
    }

    /// <summary>How many rollouts each prompt has at a price, and all together.</summary>
    private sealed class Bracket
    {
        public Bracket(AllocationProblem problem, double price)
        {
            Price = price;
            Counts = new int[problem.Count];
            for (var i = 0; i < Counts.Length; i++)
            {
                Total += Counts[i] = problem.Values.Best(i, price, problem.Low[i], problem.Up[i]);
            }
        }

        public double Price { get; }

        public int[] Counts { get; }

        public long Total { get; }
    }

    /// <summary>Every k-th prompt, for a first guess.</summary>
    private sealed class Sample(AllocationProblem problem, int most)
    {
        private readonly int _stride = Math.Max(1, problem.Count / most);

        public int Size => (problem.Count + _stride - 1) / _stride;

        public double Threshold(long units, double low, double high)
        {
            var share = (double)units / problem.Count * Size;
            while (high > low * 1.01)
            {
                var middle = Math.Sqrt(low) * Math.Sqrt(high);
                (low, high) = Total(middle) > share ? (middle, high) : (low, middle);
            }

            return high;
        }

        private long Total(double price)
        {
            var total = 0L;
            for (var i = 0; i < problem.Count; i += _stride)
            {
                total += problem.Values.Best(i, price, problem.Low[i], problem.Up[i]);
            }

            return total;
        }
    }

    private readonly record struct Candidate(double Marginal, int Rollouts, int Prompt) : IComparable<Candidate>
    {
        public int CompareTo(Candidate other)
        {
            var byMarginal = other.Marginal.CompareTo(Marginal);
            return byMarginal != 0 ? byMarginal : Rollouts.CompareTo(other.Rollouts);
        }

        public bool Ties(Candidate other) => CompareTo(other) == 0;
    }
}
