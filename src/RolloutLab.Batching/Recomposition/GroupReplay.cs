using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Replay of informative groups, as TRL's GRPO with replay buffer: the groups of highest score Σ|A|·std(R) are kept, and for
/// each group of the step whose rewards do not differ (dropped, reason <c>replaced</c>) one is drawn in proportion to its
/// score, without replacement in a step, and trained again (<c>group_replay</c>). With nothing kept the step stays as it is.
/// Groups older than the bound leave.
/// </summary>
public sealed class GroupReplay(ReplaySection section) : IRecompositionStage, IStateful
{
    // Highest score first; a group that came later stands behind an equal one.
    private readonly List<KeptGroup> _groups = [];

    private sealed record KeptGroup(double Score, IReadOnlyList<RolloutDecision> Rollouts)
    {
        public long PolicyVersion => Rollouts[0].Rollout.PolicyVersion;
    }

    /// <inheritdoc/>
    public string StateName => "recompose-replay.json";

    /// <summary>Groups kept.</summary>
    public int Buffered => _groups.Count;

    /// <inheritdoc/>
    public void Apply(RecompositionStep step)
    {
        _groups.RemoveAll(g => step.PolicyVersion - g.PolicyVersion > section.MaxPolicyAge);
        var candidates = _groups.ToList();
        var random = step.Random(RecompositionStageId.Replay);
        var draws = 0;
        foreach (var group in step.KeptGroups().ToList())
        {
            var rollouts = group.ConvertAll(i => step.Sampled[i]);
            var spread = GroupStatistics.Of(rollouts.Select(r => (double)r.Verdict.Reward));
            if (spread.Variance > 0)
            {
                Keep(new KeptGroup(rollouts.Sum(r => Math.Abs((double)r.Advantage)) * spread.Std, rollouts));
            }
            else if (candidates.Count > 0)
            {
                Replace(step, group, candidates, random.Uniform(draws++));
            }
        }
    }

    /// <inheritdoc/>
    public void SaveState(Stream to) => StateNodes.Write(
        new JsonArray([.. _groups.Select(g => (JsonNode)new JsonObject
        {
            ["score"] = g.Score, ["rollouts"] = new JsonArray([.. g.Rollouts.Select(r => (JsonNode)DecisionState.Save(r))]),
        })]),
        to);

    /// <inheritdoc/>
    public void LoadState(Stream from) => StateNodes.Read(from, StateName, state =>
    {
        var loaded = state.AsArray().Select(g => new KeptGroup(
            g!["score"]!.GetValue<double>(), [.. g["rollouts"]!.AsArray().Select(r => DecisionState.Load(r!))])).ToList();
        _groups.Clear();
        _groups.AddRange(loaded);
    });

    private void Keep(KeptGroup group)
    {
        if (group.Score <= 0 || (_groups.Count == section.Capacity && group.Score <= _groups[^1].Score))
        {
            return;
        }

        var at = _groups.FindIndex(g => g.Score < group.Score);
        _groups.Insert(at < 0 ? _groups.Count : at, group);
        _groups.RemoveRange(Math.Min(section.Capacity, _groups.Count), Math.Max(0, _groups.Count - section.Capacity));
    }

    private static void Replace(RecompositionStep step, List<int> group, List<KeptGroup> candidates, double draw)
    {
        var target = draw * candidates.Sum(c => c.Score);
        var chosen = 0;
        while (chosen < candidates.Count - 1 && target >= candidates[chosen].Score)
        {
            target -= candidates[chosen++].Score;
        }

        foreach (var rollout in candidates[chosen].Rollouts)
        {
            step.Replay(rollout, "group_replay");
        }

        candidates.RemoveAt(chosen);
        foreach (var i in group)
        {
            step.Decide(i, RolloutFate.Dropped, "replaced");
        }
    }
}
