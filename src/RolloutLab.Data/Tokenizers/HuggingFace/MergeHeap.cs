namespace RolloutLab.Data.HuggingFace;

/// <summary>The smallest of many numbers first: a binary heap without anything that a merge does not need.</summary>
internal sealed class MergeHeap
{
    private long[] _items = new long[64];
    private int _count;

    public void Push(long item)
    {
        if (_count == _items.Length)
        {
            Array.Resize(ref _items, 2 * _count);
        }

        var (items, at) = (_items, _count++);
        while (at > 0 && items[(at - 1) >> 1] > item)
        {
            items[at] = items[(at - 1) >> 1];
            at = (at - 1) >> 1;
        }

        items[at] = item;
    }

    public bool TryPop(out long smallest)
    {
        if (_count == 0)
        {
            smallest = 0;
            return false;
        }

        var items = _items;
        smallest = items[0];
        var (last, at) = (items[--_count], 0);
        for (var child = 1; child < _count; child = (2 * at) + 1)
        {
            child += child + 1 < _count && items[child + 1] < items[child] ? 1 : 0;
            if (items[child] >= last)
            {
                break;
            }

            items[at] = items[child];
            at = child;
        }

        items[at] = last;
        return true;
    }
}
