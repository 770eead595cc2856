using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Cuts a step's decisions into optimizer steps (mini-batches of whole groups) and packs each, the prefixes that a
/// group's rollouts share once. Loss denominators count every trained rollout of the mini-batch; rollouts whose gradient
/// is exactly zero are counted but not computed.
/// </summary>
/// <param name="loss">Names the aggregation and the terms that give a gradient without an advantage.</param>
/// <param name="update">Names epochs, mini-batches, the micro-batch size and what trees mean for training.</param>
/// <param name="maxNewTokens">Response limit: the constant length of <see cref="LossAggregation.SeqMeanTokenSumNorm"/>.</param>
public sealed class OptimizerBatchBuilder(LossSection loss, UpdateSection update, int maxNewTokens)
{
    private readonly MicroBatchPacker _packer = new(update.MicroBatchTokens);

    /// <summary>
    /// The optimizer steps of one rollout batch: mini-batches in order, repeated for each epoch. Replayed rollouts are spread
    /// over the mini-batches like those of the step.
    /// </summary>
    public IReadOnlyList<OptimizerBatch> Build(IReadOnlyList<RolloutDecision> decisions)
    {
        var sampled = Groups(decisions.Where(d => d.Fate == RolloutFate.Kept));
        var replayed = Groups(decisions.Where(d => d.Fate is RolloutFate.Replayed or RolloutFate.Added));
        var miniBatches = Enumerable.Range(0, update.Minibatches)
            .Select(m => Part(sampled, m).Concat(Part(replayed, m)).ToList())
            .Where(groups => groups.Count > 0)
            .Select(BuildOne)
            .ToList();
        return Enumerable.Repeat(miniBatches, update.Epochs).SelectMany(b => b).ToList();
    }

    private static List<List<RolloutDecision>> Groups(IEnumerable<RolloutDecision> decisions) =>
        decisions.GroupBy(d => (d.Prompt.Index, Loss: LossOf(d))).Select(g => g.ToList()).ToList();

    /// <summary>Names the loss beside the policy loss that a rollout belongs to; empty for the policy loss.</summary>
    private static string LossOf(RolloutDecision decision) => decision.IsAuxiliary ? decision.Reason : "";

    private List<List<RolloutDecision>> Part(List<List<RolloutDecision>> groups, int index)
    {
        var from = (int)((long)groups.Count * index / update.Minibatches);
        return groups.GetRange(from, (int)((long)groups.Count * (index + 1) / update.Minibatches) - from);
    }

    private OptimizerBatch BuildOne(List<List<RolloutDecision>> groups)
    {
        var sequences = groups.Select(g => (Loss: LossOf(g[0]), Sequences: Credited(g))).ToList();
        var weightings = sequences.GroupBy(g => g.Loss, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => Weighting(g.SelectMany(x => x.Sequences)), StringComparer.Ordinal);
        var main = weightings.GetValueOrDefault("");
        var packed = sequences
            .SelectMany(g => PrefixOrder.Arrange(g.Sequences.Where(HasGradient).Select(s => Weighted(s, weightings[g.Loss]))))
            .ToList();
        return new OptimizerBatch(_packer.Pack(packed), main.TokenCount, main.SequenceCount);
    }

    private LossWeighting Weighting(IEnumerable<PackedSequence> sequences)
    {
        var counts = sequences.Select(s => s.TrainedCount).Where(n => n > 0 || loss.EmptySequences == EmptySequences.Count).ToList();
        return new LossWeighting(
            loss.Aggregation, counts.Sum(n => (long)n), counts.Count, loss.ScaleLength > 0 ? loss.ScaleLength : maxNewTokens);
    }

    /// <summary>A group's sequences with the credit of each token; the weights are still those of the rollouts.</summary>
    private List<PackedSequence> Credited(List<RolloutDecision> group)
    {
        var sequences = group.Select(d => new PackedSequence(
            d.Prompt.TokenIds, d.Rollout.TokenIds, d.Rollout.LogProbs, new TokenCredit(d.Advantage, d.Weight))
        {
            TokenCredits = TokenCredits(d),
        });
        return update.PrefixCredit == PrefixCredit.Node ? NodeCredit.Assign(PrefixOrder.Arrange(sequences)).ToList() : sequences.ToList();
    }

    private TokenCredit[]? TokenCredits(RolloutDecision decision)
    {
        var masks = update.ForcedTokens == ForcedTokens.Mask && decision.Rollout.Origins.Any(o => o != TokenOrigin.Sampled);
        return masks || decision.TokenAdvantages is not null
            ? [.. Enumerable.Range(0, decision.Rollout.Length).Select(t => masks && decision.Rollout.Origins[t] != TokenOrigin.Sampled
                ? default
                : new TokenCredit(decision.TokenAdvantages?[t] ?? decision.Advantage, decision.Weight))]
            : null;
    }

    private bool HasGradient(PackedSequence sequence) =>
        sequence.TrainedCount > 0
        && (loss.NeedsEveryRollout || (sequence.TokenCredits?.Any(c => c.Advantage != 0) ?? sequence.Credit.Advantage != 0));

    private static PackedSequence Weighted(PackedSequence sequence, LossWeighting weighting)
    {
        var weight = weighting.TokenWeight(sequence.TrainedCount);
        return sequence with { Credit = Times(sequence.Credit), TokenCredits = sequence.TokenCredits?.Select(Times).ToArray() };

        TokenCredit Times(TokenCredit credit) => credit with { Weight = (float)(credit.Weight * weight) };
    }
}
