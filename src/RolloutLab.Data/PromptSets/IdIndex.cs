namespace RolloutLab.Data;

/// <summary>
/// Finds ids that were used before, without keeping them: 8 bytes an id and 4 to 8 of table. Ids with the same hash are
/// compared by what <paramref name="idOf"/> says, so nothing is ever taken for a repetition that is none.
/// </summary>
/// <param name="idOf">The id of an item that was added.</param>
internal sealed class IdIndex(Func<int, string> idOf)
{
    private const ulong Offset = 14695981039346656037;
    private const ulong Prime = 1099511628211;

    private readonly List<ulong> _hashes = [];
    private int[] _slots = new int[64];

    /// <summary>Adds the next item's id; gives the item that has it already, or -1.</summary>
    public int Add(string id)
    {
        if (_hashes.Count >= _slots.Length / 4 * 3)
        {
            Grow();
        }

        var hash = Hash(id);
        var slot = (int)(hash & (ulong)(_slots.Length - 1));
        for (; _slots[slot] != 0; slot = (slot + 1) & (_slots.Length - 1))
        {
            var item = _slots[slot] - 1;
            if (_hashes[item] == hash && idOf(item) == id)
            {
                return item;
            }
        }

        _hashes.Add(hash);
        _slots[slot] = _hashes.Count;
        return -1;
    }

    /// <summary>FNV-1a over the characters, its bits mixed at the end so that the low ones depend on all.</summary>
    private static ulong Hash(string id)
    {
        var hash = Offset;
        foreach (var c in id)
        {
            hash = (hash ^ c) * Prime;
        }

        hash = (hash ^ (hash >> 32)) * 0x9E3779B97F4A7C15;
        return hash ^ (hash >> 29);
    }

    private void Grow()
    {
        _slots = new int[2 * _slots.Length];
        for (var item = 0; item < _hashes.Count; item++)
        {
            var slot = (int)(_hashes[item] & (ulong)(_slots.Length - 1));
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & (_slots.Length - 1);
            }

            _slots[slot] = item + 1;
        }
    }
}
