using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>Lays sequences end to end into micro-batches of bounded size, in the order given.</summary>
/// <param name="maxTokens">Most tokens of a micro-batch; a longer sequence gets a micro-batch of its own.</param>
public sealed class MicroBatchPacker(int maxTokens)
{
    /// <summary>Packs all sequences; none is split, reordered, padded or left out.</summary>
    public IReadOnlyList<MicroBatch> Pack(IReadOnlyList<PackedSequence> sequences)
    {
        var batches = new List<MicroBatch>();
        for (var first = 0; first < sequences.Count;)
        {
            var end = first;
            var tokens = 0;
            while (end < sequences.Count && (end == first || tokens + sequences[end].TokenCount <= maxTokens))
            {
                tokens += sequences[end++].TokenCount;
            }

            batches.Add(PackRange(sequences, first, end, tokens));
            first = end;
        }

        return batches;
    }

    private static MicroBatch PackRange(IReadOnlyList<PackedSequence> sequences, int first, int end, int tokens)
    {
        var batch = new MicroBatch
        {
            InputIds = new int[tokens],
            PositionIds = new int[tokens],
            CuSeqLens = new int[end - first + 1],
            LossMask = new float[tokens],
            Advantages = new float[tokens],
            OldLogProbs = new float[tokens],
            LossWeights = new float[tokens],
        };
        var offset = 0;
        for (var i = first; i < end; i++)
        {
            Place(sequences[i], batch, offset);
            offset += sequences[i].TokenCount;
            batch.CuSeqLens[i - first + 1] = offset;
        }

        return batch;
    }

    private static void Place(PackedSequence sequence, MicroBatch batch, int offset)
    {
        var response = offset + sequence.PromptIds.Length;
        var length = sequence.ResponseIds.Length;
        sequence.PromptIds.CopyTo(batch.InputIds, offset);
        sequence.ResponseIds.CopyTo(batch.InputIds, response);
        for (var t = 0; t < sequence.TokenCount; t++)
        {
            batch.PositionIds[offset + t] = t;
        }

        batch.LossMask.AsSpan(response, length).Fill(1f);
        batch.Advantages.AsSpan(response, length).Fill(sequence.Advantage);
        batch.LossWeights.AsSpan(response, length).Fill(sequence.TokenWeight);
        sequence.OldLogProbs.CopyTo(batch.OldLogProbs, response);
    }
}
