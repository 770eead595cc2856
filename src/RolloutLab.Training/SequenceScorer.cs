using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.Training;

/// <summary>Scores sequences with a decoder; prefixes that they share are computed once.</summary>
/// <param name="model">The model; borrowed.</param>
/// <param name="temperature">Sampling temperature.</param>
/// <param name="microBatchTokens">Tokens in one forward pass.</param>
public sealed class SequenceScorer(DecoderModel model, double temperature, int microBatchTokens) : ISequenceScorer
{
    private readonly MicroBatchPacker _packer = new(microBatchTokens);

    /// <inheritdoc/>
    public IReadOnlyList<SequenceScore> Score(IReadOnlyList<Continuation> sequences, bool withSquares = false)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        var scores = new SequenceScore[sequences.Count];
        Array.Fill(scores, new SequenceScore([], []));
        var packed = sequences.Select(s => new PackedSequence(s.PromptIds, s.ResponseIds, [], new TokenCredit(0, 1))).ToList();
        var order = Enumerable.Range(0, packed.Count).Where(i => packed[i].ResponseIds.Length > 0).OrderBy(i => packed[i], PrefixOrder.Comparer).ToList();
        var next = 0;
        foreach (var batch in _packer.Pack(PrefixOrder.Arrange(order.Select(i => packed[i]))))
        {
            var (logProbs, squares) = Score(batch, withSquares);
            for (var s = 0; s < batch.SequenceCount; s++)
            {
                var range = batch.CuLossLens[s]..batch.CuLossLens[s + 1];
                scores[order[next++]] = new SequenceScore(logProbs[range], withSquares ? squares[range] : []);
            }
        }

        return scores;
    }

    private (float[] LogProbs, float[] Squares) Score(MicroBatch batch, bool withSquares)
    {
        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        if (!withSquares)
        {
            return (model.Score(batch, temperature).LogProbs.ToArray<float>(), []);
        }

        var (logProbs, squares) = model.ScoreSquares(batch, temperature);
        return (logProbs.ToArray<float>(), squares.ToArray<float>());
    }
}
