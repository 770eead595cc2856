namespace RolloutLab.Engine;

/// <summary>
/// Computed blocks of prompts, for later prompts of the run that begin with the same tokens: another round of the same
/// prompt, or another prompt behind the same instructions. A run is of one policy, and nothing outlives it, so what one
/// policy version computed never reaches another. Blocks here are given back, the longest unused first, before any
/// sequence loses its own. Lookup is by hash, block after block, confirmed by the tokens.
/// </summary>
/// <param name="pool">Whose blocks they are.</param>
internal sealed class PrefixCache(KvBlockPool pool)
{
    private const int NoBlock = -1;

    private readonly Dictionary<(int Parent, ulong Hash), LinkedListNode<Entry>> _entries = [];

    /// <summary>From the longest unused to the last used; an entry is never used later than the one it follows on, so the first one has no successor.</summary>
    private readonly LinkedList<Entry> _byUse = new();
    private readonly List<LinkedListNode<Entry>> _path = [];

    /// <summary>A full block of a prompt, behind the block of the entry before it.</summary>
    private sealed record Entry(int Block, int Parent, ulong Hash, ReadOnlyMemory<int> Tokens);

    /// <summary>Makes an empty table share the longest known beginning of a prompt, all but its last token at most.</summary>
    /// <param name="prompt">Prompt tokens, <c>[P]</c>.</param>
    /// <param name="table">The table to fill; stays empty when nothing is known.</param>
    public void Share(ReadOnlyMemory<int> prompt, KvBlockTable table)
    {
        if (_entries.Count == 0)
        {
            return;
        }

        for (var at = 0; at + pool.BlockSize < prompt.Length && Find(prompt, at) is { } entry; at += pool.BlockSize)
        {
            _path.Add(entry);
        }

        if (_path.Count > 0)
        {
            pool.Share([.. _path.Select(e => e.Value.Block)], table);
            Use();
        }
    }

    /// <summary>Takes in the full blocks of a computed prompt.</summary>
    /// <param name="prompt">Prompt tokens, <c>[P]</c>; kept, not copied.</param>
    /// <param name="table">Its blocks, computed in earlier steps.</param>
    public void Keep(ReadOnlyMemory<int> prompt, KvBlockTable table)
    {
        for (var at = 0; at + pool.BlockSize <= prompt.Length; at += pool.BlockSize)
        {
            if (Find(prompt, at) is not { } entry)
            {
                var tokens = prompt.Slice(at, pool.BlockSize);
                var added = new Entry(table.Blocks[at / pool.BlockSize], LastBlock, HashOf(tokens.Span), tokens);
                entry = new LinkedListNode<Entry>(added);
                if (!_entries.TryAdd((added.Parent, added.Hash), entry))
                {
                    break; // Another block has the same hash: it stays the only one.
                }

                pool.Hold(added.Block);
                _byUse.AddLast(entry);
            }

            _path.Add(entry);
        }

        Use();
    }

    /// <summary>Gives blocks back until a number is free.</summary>
    /// <returns>False when fewer are free without any block here.</returns>
    public bool MakeRoom(int blocks)
    {
        while (pool.FreeCount < blocks && _byUse.First is { } oldest)
        {
            Remove(oldest);
        }

        return pool.FreeCount >= blocks;
    }

    /// <summary>Gives every block back.</summary>
    public void Clear()
    {
        while (_byUse.First is { } oldest)
        {
            Remove(oldest);
        }
    }

    private int LastBlock => _path.Count == 0 ? NoBlock : _path[^1].Value.Block;

    /// <summary>The entry of the block at a position, behind those of the path so far.</summary>
    private LinkedListNode<Entry>? Find(ReadOnlyMemory<int> prompt, int at)
    {
        var tokens = prompt.Span.Slice(at, pool.BlockSize);
        return _entries.TryGetValue((LastBlock, HashOf(tokens)), out var entry) && entry.Value.Tokens.Span.SequenceEqual(tokens) ? entry : null;
    }

    /// <summary>Marks the path as used, its end first, and leaves it empty.</summary>
    private void Use()
    {
        for (var i = _path.Count - 1; i >= 0; i--)
        {
            _byUse.Remove(_path[i]);
            _byUse.AddLast(_path[i]);
        }

        _path.Clear();
    }

    private void Remove(LinkedListNode<Entry> entry)
    {
        _byUse.Remove(entry);
        _entries.Remove((entry.Value.Parent, entry.Value.Hash));
        pool.Release(entry.Value.Block);
    }

    private static ulong HashOf(ReadOnlySpan<int> tokens)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var token in tokens)
        {
            hash = ulong.RotateLeft((hash ^ (uint)token) * 0x9E3779B97F4A7C15UL, 29);
        }

        return hash;
    }
}
