using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>
/// The distinct tokens of a micro-batch's loss terms: the hidden rows that predict them, their ids, and which term reads
/// which. The buffers are reused, so scoring batch after batch allocates nothing that grows with its tokens.
/// </summary>
internal sealed class LossRows
{
    private int[] _before = [];
    private int[] _scoreOf = [];
    private int[] _path = [];
    private int[] _rows = [];
    private long[] _targets = [];
    private int[] _terms = [];
    private int _termCount;

    /// <summary>Distinct tokens.</summary>
    public int Count { get; private set; }

    /// <summary>Index of the token before each.</summary>
    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, Count);

    /// <summary>Id of each.</summary>
    public ReadOnlySpan<long> Targets => _targets.AsSpan(0, Count);

    /// <summary>For each loss term the number of its token among the distinct ones.</summary>
    public ReadOnlySpan<int> Terms => _terms.AsSpan(0, _termCount);

    /// <summary>Whether term i reads token i: nothing in the loss is shared.</summary>
    public bool AreDistinct => Count == _termCount;

    /// <exception cref="ArgumentException">A term names no token that another predicts, or there is no term.</exception>
    public void Fill(MicroBatch batch)
    {
        if (batch.LossCount == 0)
        {
            throw new ArgumentException("no token enters the loss", nameof(batch));
        }

        Reserve(batch);
        FindTokensBefore(batch);
        _scoreOf.AsSpan(0, batch.TokenCount).Fill(-1);
        (Count, _termCount) = (0, batch.LossCount);
        for (var term = 0; term < _termCount; term++)
        {
            var token = batch.LossTokens[term];
            if (token < 0 || token >= batch.TokenCount || _before[token] < 0)
            {
                throw new ArgumentException($"loss term {term} names token {token}, which no token predicts", nameof(batch));
            }

            if (_scoreOf[token] < 0)
            {
                (_rows[Count], _targets[Count]) = (_before[token], batch.InputIds[token]);
                _scoreOf[token] = Count++;
            }

            _terms[term] = _scoreOf[token];
        }
    }

    private void Reserve(MicroBatch batch)
    {
        if (_before.Length < batch.TokenCount)
        {
            var capacity = Math.Max(batch.TokenCount, 2 * _before.Length);
            (_before, _scoreOf, _path, _rows, _targets) =
                (new int[capacity], new int[capacity], new int[capacity], new int[capacity], new long[capacity]);
        }

        if (_terms.Length < batch.LossCount)
        {
            _terms = new int[Math.Max(batch.LossCount, 2 * _terms.Length)];
        }
    }

    private void FindTokensBefore(MicroBatch batch)
    {
        for (var sequence = 0; sequence < batch.SequenceCount; sequence++)
        {
            var place = batch.PrefixLengths[sequence];
            for (var token = batch.CuSeqLens[sequence]; token < batch.CuSeqLens[sequence + 1]; token++, place++)
            {
                _before[token] = place == 0 ? -1 : _path[place - 1];
                _path[place] = token;
            }
        }
    }
}
