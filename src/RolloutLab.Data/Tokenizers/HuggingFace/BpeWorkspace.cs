namespace RolloutLab.Data.HuggingFace;

/// <summary>
/// The symbols of one word while they merge: a linked list in arrays, with the possible merges in a heap by rank, then position.
/// </summary>
internal sealed class BpeWorkspace
{
    private readonly MergeHeap _merges = new();
    private int[] _ids = new int[64];
    private int[] _next = new int[64];
    private int[] _previous = new int[64];
    private int _count;

    /// <summary>Starts a word of at most this many symbols.</summary>
    public void Clear(int capacity)
    {
        _count = 0;
        if (_ids.Length < capacity)
        {
            var size = Math.Max(capacity, 2 * _ids.Length);
            (_ids, _next, _previous) = (new int[size], new int[size], new int[size]);
        }
    }

    public void Add(int id)
    {
        _ids[_count] = id;
        _previous[_count] = _count - 1;
        _next[_count] = ++_count;
    }

    /// <summary>Merges the pair of lowest rank, the leftmost first, until none is left.</summary>
    public void Merge(BpeVocabulary vocabulary)
    {
        for (var at = 0; at + 1 < _count; at++)
        {
            Offer(vocabulary, at, at + 1);
        }

        while (_merges.TryPop(out var entry))
        {
            var at = (int)(uint)entry;
            // Entries of pairs that have changed since are passed over: a rank belongs to one pair only.
            var right = _ids[at] < 0 ? _count : _next[at];
            if (right >= _count || !vocabulary.TryMerge(_ids[at], _ids[right], out var merge) || merge.Rank != (int)(entry >> 32))
            {
                continue;
            }

            _ids[at] = merge.Id;
            _ids[right] = -1;
            _next[at] = _next[right];
            if (_next[at] < _count)
            {
                _previous[_next[at]] = at;
                Offer(vocabulary, at, _next[at]);
            }

            if (_previous[at] >= 0)
            {
                Offer(vocabulary, _previous[at], at);
            }
        }
    }

    public void AppendTo(List<int> ids)
    {
        for (var at = 0; at < _count; at = _next[at])
        {
            ids.Add(_ids[at]);
        }
    }

    private void Offer(BpeVocabulary vocabulary, int left, int right)
    {
        if (vocabulary.TryMerge(_ids[left], _ids[right], out var merge))
        {
            _merges.Push(((long)merge.Rank << 32) | (uint)left);
        }
    }
}
