using RolloutLab.Core;

namespace RolloutLab.Training;

/// <summary>
/// Log-probabilities of the policy as it was before the first optimizer step of a rollout batch, by micro-batch. Where
/// there is one optimizer step only, they are the current ones and nothing needs to be kept.
/// </summary>
internal sealed class OldPolicy
{
    private readonly Dictionary<MicroBatch, float[]> _logProbs = new(ReferenceEqualityComparer.Instance);

    /// <summary>Computes them where they will differ from the current ones.</summary>
    /// <param name="batches">The optimizer steps; epochs repeat their batches.</param>
    /// <param name="score">Log-probabilities of a micro-batch under the current policy.</param>
    public void Remember(IReadOnlyList<OptimizerBatch> batches, Func<MicroBatch, float[]> score)
    {
        _logProbs.Clear();
        if (batches.Count < 2)
        {
            return;
        }

        foreach (var batch in batches.SelectMany(b => b.MicroBatches))
        {
            if (!_logProbs.ContainsKey(batch))
            {
                _logProbs[batch] = score(batch);
            }
        }
    }

    /// <summary>The old log-probabilities, <c>[L]</c>; the current ones where they are the same.</summary>
    public ReadOnlySpan<float> Of(MicroBatch batch, ReadOnlySpan<float> current) =>
        _logProbs.TryGetValue(batch, out var old) ? old : current;
}
