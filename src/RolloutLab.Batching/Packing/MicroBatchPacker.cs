using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>Lays sequences end to end into micro-batches of bounded size, in the order given; shared prefixes once.</summary>
/// <param name="maxTokens">
/// Most tokens of a micro-batch; a longer sequence gets a micro-batch of its own. A sequence that would share a prefix
/// across the boundary is laid down whole.
/// </param>
public sealed class MicroBatchPacker(int maxTokens)
{
    /// <summary>Packs all sequences; none is split, reordered, padded or left out.</summary>
    public IReadOnlyList<MicroBatch> Pack(IReadOnlyList<PackedSequence> sequences)
    {
        var batches = new List<MicroBatch>();
        for (var first = 0; first < sequences.Count;)
        {
            var end = first + 1;
            var tokens = sequences[first].TokenCount;
            while (end < sequences.Count && tokens + OwnTokens(sequences[end]) <= maxTokens)
            {
                tokens += OwnTokens(sequences[end++]);
            }

            batches.Add(PackRange(sequences, first, end, tokens));
            first = end;
        }

        return batches;
    }

    private static int OwnTokens(PackedSequence sequence) => sequence.TokenCount - sequence.SharedPrefix;

    private static MicroBatch PackRange(IReadOnlyList<PackedSequence> sequences, int first, int end, int tokens)
    {
        var (terms, longest) = (0, 0);
        for (var i = first; i < end; i++)
        {
            terms += sequences[i].TrainedCount;
            longest = Math.Max(longest, sequences[i].TokenCount);
        }

        var batch = new MicroBatch
        {
            InputIds = new int[tokens],
            PositionIds = new int[tokens],
            CuSeqLens = new int[end - first + 1],
            PrefixLengths = new int[end - first],
            LossTokens = new int[terms],
            CuLossLens = new int[end - first + 1],
            Advantages = new float[terms],
            OldLogProbs = new float[terms],
            LossWeights = new float[terms],
        };
        var path = new int[longest];
        for (var i = first; i < end; i++)
        {
            Place(sequences[i], batch, i - first, path);
        }

        return batch;
    }

    /// <param name="sequence">The sequence.</param>
    /// <param name="batch">Where it goes.</param>
    /// <param name="index">Its number in the micro-batch.</param>
    /// <param name="path">Token index of each place of the path of the sequence before it; becomes that of its own.</param>
    private static void Place(PackedSequence sequence, MicroBatch batch, int index, int[] path)
    {
        var shared = index == 0 ? 0 : sequence.SharedPrefix;
        var token = batch.CuSeqLens[index];
        for (var place = shared; place < sequence.TokenCount; place++, token++)
        {
            var response = place - sequence.PromptIds.Length;
            batch.InputIds[token] = response < 0 ? sequence.PromptIds[place] : sequence.ResponseIds[response];
            batch.PositionIds[token] = place;
            path[place] = token;
        }

        batch.PrefixLengths[index] = shared;
        batch.CuSeqLens[index + 1] = token;
        batch.CuLossLens[index + 1] = AddTerms(sequence, batch, batch.CuLossLens[index], path.AsSpan(sequence.PromptIds.Length));
    }

    private static int AddTerms(PackedSequence sequence, MicroBatch batch, int term, ReadOnlySpan<int> response)
    {
        for (var i = 0; i < sequence.ResponseIds.Length; i++)
        {
            var credit = sequence.CreditOf(i);
            if (credit.Weight == 0)
            {
                continue;
            }

            batch.LossTokens[term] = response[i];
            batch.Advantages[term] = credit.Advantage;
            batch.LossWeights[term] = credit.Weight;
            batch.OldLogProbs[term] = sequence.OldLogProbs.Length == 0 ? 0 : sequence.OldLogProbs[i];
            term++;
        }

        return term;
    }
}
