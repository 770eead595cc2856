using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>
/// The loss tokens of a micro-batch: where they stand, the hidden rows that predict them, and their ids. The buffers
/// are reused, so scoring batch after batch allocates nothing that grows with its tokens.
/// </summary>
internal sealed class LossRows
{
    private int[] _indices = [];
    private int[] _rows = [];
    private long[] _targets = [];

    public int Count { get; private set; }

    /// <summary>Index of each loss token, ascending.</summary>
    public ReadOnlyMemory<int> Indices => _indices.AsMemory(0, Count);

    /// <summary>Index of the token before each.</summary>
    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, Count);

    /// <summary>Id of each.</summary>
    public ReadOnlySpan<long> Targets => _targets.AsSpan(0, Count);

    /// <exception cref="ArgumentException">The mask does not fit, no token enters the loss, or the first of a sequence does.</exception>
    public void Fill(MicroBatch batch)
    {
        if (batch.LossMask.Length != batch.TokenCount)
        {
            throw new ArgumentException($"{batch.LossMask.Length} loss mask entries for {batch.TokenCount} tokens", nameof(batch));
        }

        if (_indices.Length < batch.TokenCount)
        {
            var capacity = Math.Max(batch.TokenCount, 2 * _indices.Length);
            (_indices, _rows, _targets) = (new int[capacity], new int[capacity], new long[capacity]);
        }

        Count = 0;
        for (var sequence = 0; sequence < batch.SequenceCount; sequence++)
        {
            FillSequence(batch, batch.CuSeqLens[sequence], batch.CuSeqLens[sequence + 1]);
        }

        if (Count == 0)
        {
            throw new ArgumentException("no token enters the loss", nameof(batch));
        }
    }

    private void FillSequence(MicroBatch batch, int start, int end)
    {
        for (var t = start; t < end; t++)
        {
            if (batch.LossMask[t] == 0)
            {
                continue;
            }

            if (t == start)
            {
                throw new ArgumentException($"token {start} is the first of its sequence: nothing predicts it", nameof(batch));
            }

            (_indices[Count], _rows[Count], _targets[Count]) = (t, t - 1, batch.InputIds[t]);
            Count++;
        }
    }
}
