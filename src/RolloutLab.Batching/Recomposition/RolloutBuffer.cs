using System.Text.Json.Nodes;
using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>A rollout kept for a later step.</summary>
/// <param name="Decision">What was decided when it was sampled; keeps prompt, behaviour log-probabilities, advantage and policy version.</param>
/// <param name="Step">The step that sampled it.</param>
public readonly record struct KeptRollout(RolloutDecision Decision, long Step);

/// <summary>
/// A bounded first-in first-out store of rollouts. All operations are linear in what they add, remove or return, or in the
/// capacity.
/// </summary>
/// <param name="capacity">Most rollouts; the oldest leave first.</param>
internal sealed class RolloutBuffer(int capacity)
{
    private readonly List<KeptRollout> _kept = [];

    public int Count => _kept.Count;

    public IReadOnlyList<KeptRollout> Kept => _kept;

    public void Add(IEnumerable<KeptRollout> rollouts)
    {
        _kept.AddRange(rollouts);
        _kept.RemoveRange(0, Math.Max(0, _kept.Count - capacity));
    }

    public void RemoveWhere(Predicate<KeptRollout> isOld) => _kept.RemoveAll(isOld);

    /// <summary>Takes different rollouts at random out of the buffer, in the order they came in.</summary>
    public List<KeptRollout> Take(int count, RandomStream random)
    {
        var indices = new int[_kept.Count];
        for (var i = 0; i < indices.Length; i++)
        {
            indices[i] = i;
        }

        random.Shuffle<int>(indices);
        var chosen = indices[..Math.Min(count, indices.Length)].ToHashSet();
        var taken = _kept.Where((_, i) => chosen.Contains(i)).ToList();
        var at = 0;
        _kept.RemoveAll(_ => chosen.Contains(at++));
        return taken;
    }

    public void Clear() => _kept.Clear();

    public JsonArray Save() => new([.. _kept.Select(k => (JsonNode)new JsonObject { ["step"] = k.Step, ["decision"] = DecisionState.Save(k.Decision) })]);

    public void Load(JsonNode state)
    {
        var loaded = state.AsArray().Select(n => new KeptRollout(DecisionState.Load(n!["decision"]!), n["step"]!.GetValue<long>())).ToList();
        Clear();
        Add(loaded);
    }
}
