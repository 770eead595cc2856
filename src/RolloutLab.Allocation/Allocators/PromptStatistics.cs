namespace RolloutLab.Allocation;

/// <summary>What an allocation rule may know of the prompts that share a budget: columns, one entry a prompt.</summary>
public sealed record PromptStatistics
{
    /// <summary>Identifiers; ties between prompts go to the lesser in ordinal order.</summary>
    public required IReadOnlyList<string> Ids { get; init; }

    /// <summary>Keys of the prompts' random streams.</summary>
    public required long[] Keys { get; init; }

    /// <summary>Success rate when last seen, in [0, 1]; NaN for a prompt never seen.</summary>
    public required double[] Rates { get; init; }

    /// <summary>a of the Beta posterior of each success rate, above 0.</summary>
    public required double[] Successes { get; init; }

    /// <summary>b of the Beta posterior of each success rate, above 0.</summary>
    public required double[] Failures { get; init; }

    /// <summary>Rollouts that the evidence amounts to, at least 0.</summary>
    public required double[] Evidence { get; init; }

    /// <summary>What may be spent, all rounds of the step together; the first budget is the main one.</summary>
    public required IReadOnlyList<BudgetLimit> Budgets { get; init; }

    /// <summary>Number of prompts.</summary>
    public int Count => Ids.Count;

    /// <summary>Orders prompts by identifier.</summary>
    public IComparer<int> ById => Comparer<int>.Create((x, y) => string.CompareOrdinal(Ids[x], Ids[y]));
}

/// <summary>What a step's earlier rounds have shown.</summary>
public sealed record RoundOutcomes
{
    /// <summary>The step.</summary>
    public required long Step { get; init; }

    /// <summary>Round inside the step, from 0.</summary>
    public required int Round { get; init; }

    /// <summary>Rollouts of each prompt that were asked for in earlier rounds.</summary>
    public required int[] Given { get; init; }

    /// <summary>How many of them are still being made.</summary>
    public required int[] InFlight { get; init; }

    /// <summary>Rollouts of each prompt that have a reward.</summary>
    public required int[] Graded { get; init; }

    /// <summary>How many of them are correct.</summary>
    public required int[] Correct { get; init; }

    /// <summary>Mean reward of each prompt; 0 without rewards.</summary>
    public required double[] Mean { get; init; }

    /// <summary>Sample standard deviation (n − 1) of each prompt's rewards; 0 for fewer than two.</summary>
    public required double[] Deviation { get; init; }
}

/// <summary>How a budget is shared out. One rule a file; rules have no state, so the same input gives the same plan.</summary>
public interface IAllocationRule
{
    /// <summary>
    /// The rollouts each prompt gets in the next round, on top of those given. Null, or a plan without rollouts, ends the
    /// step when no rollout is in flight.
    /// </summary>
    /// <exception cref="Core.BudgetException">The budget cannot be met within the bounds.</exception>
    AllocationSolution? NextRound(PromptStatistics prompts, RoundOutcomes outcomes);
}
