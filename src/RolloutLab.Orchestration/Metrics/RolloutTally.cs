using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>Count, mean, greatest and least of some numbers.</summary>
internal struct RunningSummary
{
    private double _sum;

    public int Count { get; private set; }

    public double Max { get; private set; }

    public double Min { get; private set; }

    /// <summary>The mean; 0 for none.</summary>
    public readonly double Mean => Count == 0 ? 0 : _sum / Count;

    public void Add(double value)
    {
        Max = Count == 0 ? value : Math.Max(Max, value);
        Min = Count == 0 ? value : Math.Min(Min, value);
        _sum += value;
        Count++;
    }
}

/// <summary>What a step's metrics count over its rollouts, in one pass over them.</summary>
internal sealed class RolloutTally
{
    private readonly int[] _statuses = new int[Enum.GetValues<VerdictStatus>().Length];
    private readonly List<(RolloutFate Fate, string Reason, int Count)> _reasons = [];
    private RunningSummary _rewards;
    private RunningSummary _advantages;
    private RunningSummary _lengths;

    /// <summary>Counts.</summary>
    /// <param name="decisions">The step's rollouts.</param>
    public RolloutTally(IReadOnlyList<RolloutDecision> decisions)
    {
        for (var i = 0; i < decisions.Count; i++)
        {
            Add(decisions[i]);
        }
    }

    /// <summary>Rewards of the rollouts that have one.</summary>
    public RunningSummary Rewards => _rewards;

    public RunningSummary Advantages => _advantages;

    /// <summary>Response tokens.</summary>
    public RunningSummary Lengths => _lengths;

    /// <summary>Rollouts that ended at a limit.</summary>
    public int Truncated { get; private set; }

    /// <summary>How often each reason was given to these rollouts and to others, by fate and reason.</summary>
    public IEnumerable<(RolloutFate Fate, string Reason, int Count)> ReasonsWith(IReadOnlyList<RolloutDecision> others) => _reasons
        .Concat(new RolloutTally(others)._reasons)
        .GroupBy(r => (r.Fate, r.Reason), (key, same) => (key.Fate, key.Reason, same.Sum(r => r.Count)))
        .OrderBy(r => r.Fate).ThenBy(r => r.Reason, StringComparer.Ordinal);

    /// <summary>Rollouts with a status.</summary>
    public int Of(VerdictStatus status) => _statuses[(int)status];

    /// <summary>Counts the reason of one rollout. There are few reasons, and their texts are mostly the same objects.</summary>
    private void AddReason(RolloutDecision decision)
    {
        for (var k = 0; k < _reasons.Count; k++)
        {
            var (fate, reason, count) = _reasons[k];
            if (fate == decision.Fate && reason == decision.Reason)
            {
                _reasons[k] = (fate, reason, count + 1);
                return;
            }
        }

        _reasons.Add((decision.Fate, decision.Reason, 1));
    }

    private void Add(RolloutDecision decision)
    {
        if (!float.IsNaN(decision.Verdict.Reward))
        {
            _rewards.Add(decision.Verdict.Reward);
        }

        _advantages.Add(decision.Advantage);
        _lengths.Add(decision.Rollout.Length);
        _statuses[(int)decision.Verdict.Status]++;
        Truncated += decision.Rollout.FinishReason == FinishReason.Length ? 1 : 0;
        AddReason(decision);
    }
}
