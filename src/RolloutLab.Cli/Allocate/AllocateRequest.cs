using RolloutLab.Allocation;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary>What <c>allocate</c> was asked to plan.</summary>
internal sealed record AllocateRequest
{
    /// <summary>Names of the methods.</summary>
    public static readonly IReadOnlyList<string> Methods =
        ["uniform", "knapsack", "knapsack_bayes", "xrpo", "ucb", "thompson", "adaptive", "difficulty_pool", "spo"];

    /// <summary>The method.</summary>
    public required string Method { get; init; }

    /// <summary>The budget: of costs where the prompts have them, else of rollouts.</summary>
    public required double Budget { get; init; }

    /// <summary>Whether rollouts are counted although the prompts have costs.</summary>
    public required bool CountsRollouts { get; init; }

    /// <summary>Further budgets, by column; <c>rollouts</c> counts rollouts.</summary>
    public required IReadOnlyList<(string Column, double Amount)> Limits { get; init; }

    /// <summary>Least rollouts of a prompt.</summary>
    public required int Low { get; init; }

    /// <summary>Most rollouts of a prompt.</summary>
    public required int Up { get; init; }

    /// <summary>Rollouts of a prompt never seen.</summary>
    public required int Unseen { get; init; }

    /// <summary>Whether the published fallback applies.</summary>
    public required bool Fallback { get; init; }

    /// <summary>Attempts behind a rate whose number is not given.</summary>
    public required double Attempts { get; init; }

    /// <summary>Prior of the success rates; null fits it to the attempts.</summary>
    public required BetaPrior? Prior { get; init; }

    /// <summary>Seed of methods that draw.</summary>
    public required long Seed { get; init; }

    /// <summary>How plans are found.</summary>
    public required SolverOptions Solver { get; init; }

    /// <summary>The prompts as rules see them.</summary>
    /// <exception cref="DataException">A prompt lacks a cost that others have, or that a limit needs.</exception>
    public PromptStatistics Statistics(IReadOnlyList<PromptStatisticsRow> rows)
    {
        var attempts = rows.Select(r => double.IsNaN(r.Rate) ? 0 : double.IsNaN(r.Attempts) ? Attempts : r.Attempts).ToArray();
        var successes = rows.Select((r, i) => attempts[i] > 0 ? r.Rate * attempts[i] : 0).ToArray();
        var failures = rows.Select((r, i) => attempts[i] > 0 ? (1 - r.Rate) * attempts[i] : 0).ToArray();
        var prior = Prior ?? Fit(successes, failures);
        return new PromptStatistics
        {
            Ids = [.. rows.Select(r => r.Id)],
            Keys = [.. rows.Select((_, i) => (long)i)],
            Rates = [.. rows.Select(r => r.Rate)],
            Successes = [.. successes.Select(s => prior.Successes + s)],
            Failures = [.. failures.Select(f => prior.Failures + f)],
            Evidence = attempts,
            Budgets = Budgets(rows),
        };
    }

    /// <summary>Plans.</summary>
    /// <exception cref="BudgetException">The budget cannot be met within the bounds.</exception>
    public AllocationSolution Plan(PromptStatistics prompts)
    {
        var bounds = new AllocationBounds(Low, Up, Solver);
        var random = new RandomStreams((ulong)Seed);
        IAllocationRule rule = Method switch
        {
            "uniform" => new UniformRule(bounds),
            "knapsack" => new KnapsackRule(bounds, Unseen, 0.9, Fallback),
            "knapsack_bayes" => new KnapsackBayesRule(bounds),
            "ucb" => new UcbRule(bounds, 0.25),
            "thompson" => new ThompsonRule(bounds, random),
            "difficulty_pool" => new DifficultyPoolRule(bounds, new DifficultyPools()),
            "spo" => new SpoRule(1, 0.05, random),
            "adaptive" => new AdaptiveRule(bounds, Up),
            "xrpo" => new XrpoRule(bounds, 2, 1, 0.1, 0.05),
            _ => throw new BudgetException($"--method {Method}: must be one of {string.Join(", ", Methods)}"
                + (NearestName.Find(Method, Methods) is { } nearest ? $"; did you mean {nearest}?" : "")),
        };
        return (rule, Method) switch
        {
            (XrpoRule xrpo, _) => bounds.Solve(prompts, xrpo.Priorities(SoFar(prompts), Math.Max(1, Up))),
            (_, "adaptive") => Unsolved(prompts, bounds),
            _ => rule.NextRound(prompts, Start(prompts))!,
        };
    }

    /// <summary>The fitted prior. In the order of the counts, so that it does not depend on that of the prompts.</summary>
    private static BetaPrior Fit(double[] successes, double[] failures)
    {
        var fit = default(BetaPriorFit);
        foreach (var (s, f) in successes.Zip(failures).Order())
        {
            fit.Add(s, f);
        }

        return fit.Prior;
    }

    private List<BudgetLimit> Budgets(IReadOnlyList<PromptStatisticsRow> rows)
    {
        var hasCosts = !CountsRollouts && rows.Any(r => !double.IsNaN(r.Costs[0]));
        var budgets = new List<BudgetLimit> { new(hasCosts ? "cost" : "rollouts", hasCosts ? Column(rows, 0, AllocateInput.Cost) : null, Budget) };
        foreach (var (column, amount) in Limits)
        {
            var at = column == AllocateInput.Cost ? 0 : 1 + Limits.Select(l => l.Column).Where(c => c is not AllocateInput.Cost).ToList().IndexOf(column);
            budgets.Add(new BudgetLimit(column, column == "rollouts" ? null : Column(rows, at, column), amount));
        }

        return budgets;
    }

    private static double[] Column(IReadOnlyList<PromptStatisticsRow> rows, int index, string name)
    {
        var without = rows.FirstOrDefault(r => double.IsNaN(r.Costs[index]));
        return without is null
            ? [.. rows.Select(r => r.Costs[index])]
            : throw new DataException($"prompt '{without.Id}' has no {name}; a budget of {name} needs it for every prompt");
    }

    /// <summary>All that is not the least goes to prompts without a success, up to the most each.</summary>
    private static AllocationSolution Unsolved(PromptStatistics prompts, AllocationBounds bounds)
    {
        var low = AllocationBounds.All(prompts, bounds.Low);
        var up = prompts.Rates.Select(r => r > 0 ? bounds.Low : bounds.Up).ToArray();
        var problem = new AllocationProblem(
            new ShareValue(new double[prompts.Count]), low, AllocationBounds.All(prompts, bounds.Up), prompts.Budgets, prompts.ById);
        EvenFill.Spend(problem, low, up);
        return new AllocationSolution(low, 0, 0, SolverKind.Auto);
    }

    private static RoundOutcomes Start(PromptStatistics prompts)
    {
        var none = new int[prompts.Count];
        var zero = new double[prompts.Count];
        return new RoundOutcomes { Step = 0, Round = 0, Given = none, InFlight = none, Graded = none, Correct = none, Mean = zero, Deviation = zero };
    }

    /// <summary>The attempts as rollouts of rewards 0 and 1 that the step has already made.</summary>
    private static RoundOutcomes SoFar(PromptStatistics prompts)
    {
        var given = prompts.Evidence.Select(n => (int)Math.Min(n, 1 << 20)).ToArray();
        return new RoundOutcomes
        {
            Step = 0,
            Round = 1,
            Given = given,
            InFlight = new int[given.Length],
            Graded = given,
            Correct = given.Select((n, i) => n == 0 ? 0 : (int)Math.Round(n * prompts.Rates[i])).ToArray(),
            Mean = given.Select((n, i) => n == 0 ? 0 : prompts.Rates[i]).ToArray(),
            Deviation = given.Select((n, i) => n < 2 ? 0 : Math.Sqrt(prompts.Rates[i] * (1 - prompts.Rates[i]) * n / (n - 1))).ToArray(),
        };
    }
}
