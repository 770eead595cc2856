using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Cuts a step's decisions into optimizer steps (mini-batches of whole groups) and packs each. Loss denominators count
/// every trained rollout of the mini-batch; rollouts whose gradient is exactly zero are counted but not computed.
/// </summary>
/// <param name="loss">Names the aggregation and the terms that give a gradient without an advantage.</param>
/// <param name="update">Names epochs, mini-batches and the micro-batch size.</param>
/// <param name="maxNewTokens">Response limit: the constant length of <see cref="LossAggregation.SeqMeanTokenSumNorm"/>.</param>
public sealed class OptimizerBatchBuilder(LossSection loss, UpdateSection update, int maxNewTokens)
{
    private readonly MicroBatchPacker _packer = new(update.MicroBatchTokens);
    private readonly bool _zeroAdvantageHasGradient = loss.KlCoefficient != 0 || loss.EntropyCoefficient != 0;

    /// <summary>The optimizer steps of one rollout batch: mini-batches in order, repeated for each epoch.</summary>
    public IReadOnlyList<OptimizerBatch> Build(IReadOnlyList<RolloutDecision> decisions)
    {
        var groups = decisions.Where(d => d.IsTrained).GroupBy(d => d.Prompt.Index).Select(g => g.ToList()).ToList();
        var miniBatches = new List<OptimizerBatch>();
        for (var m = 0; m < update.Minibatches; m++)
        {
            var from = (int)((long)groups.Count * m / update.Minibatches);
            var to = (int)((long)groups.Count * (m + 1) / update.Minibatches);
            if (to > from)
            {
                miniBatches.Add(BuildOne(groups.GetRange(from, to - from).SelectMany(g => g).ToList()));
            }
        }

        return Enumerable.Repeat(miniBatches, update.Epochs).SelectMany(b => b).ToList();
    }

    private OptimizerBatch BuildOne(List<RolloutDecision> decisions)
    {
        var tokens = decisions.Sum(d => (long)d.Rollout.Length);
        var weighting = new LossWeighting(loss.Aggregation, tokens, decisions.Count, maxNewTokens);
        var sequences = decisions
            .Where(d => d.Advantage != 0 || _zeroAdvantageHasGradient)
            .Select(d => new PackedSequence(
                d.Prompt.TokenIds,
                d.Rollout.TokenIds,
                d.Rollout.LogProbs,
                d.Advantage,
                (float)(d.Weight * weighting.TokenWeight(d.Rollout.Length))))
            .ToList();
        return new OptimizerBatch(_packer.Pack(sequences), tokens, decisions.Count);
    }
}
