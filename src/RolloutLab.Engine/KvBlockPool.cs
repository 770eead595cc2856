namespace RolloutLab.Engine;

/// <summary>
/// Who holds which KV block. Blocks are ref-counted, so tables that agree on a prefix share it: a fork takes references
/// on the full blocks and on the partial last one, and whoever first appends to a shared partial block gets a copy of
/// its own. A free list linked by block index makes taking and returning a block O(1). Holds numbers only, no tensors.
/// Not thread-safe.
/// </summary>
public sealed class KvBlockPool
{
    private const int None = -1;

    private readonly int[] _references;
    private readonly int[] _nextFree;
    private int _firstFree;

    /// <summary>Creates a pool whose blocks are all free.</summary>
    /// <param name="blockCount">Number of blocks, at least 1.</param>
    /// <param name="blockSize">Tokens in a block, at least 1.</param>
    public KvBlockPool(int blockCount, int blockSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockSize);
        BlockSize = blockSize;
        FreeCount = blockCount;
        _references = new int[blockCount];
        _nextFree = new int[blockCount];
        for (var block = 0; block < blockCount; block++)
        {
            _nextFree[block] = block + 1 < blockCount ? block + 1 : None;
        }
    }

    /// <summary>Tokens in a block.</summary>
    public int BlockSize { get; }

    /// <summary>Number of blocks.</summary>
    public int BlockCount => _references.Length;

    /// <summary>Blocks nobody holds.</summary>
    public int FreeCount { get; private set; }

    /// <summary>Blocks somebody holds; a shared block counts once.</summary>
    public int UsedCount => BlockCount - FreeCount;

    /// <summary>Most blocks held at once since the pool was created or <see cref="ResetPeak"/> was called.</summary>
    public int PeakUsed { get; private set; }

    /// <summary>Number of tables that hold a block; 0 when it is free.</summary>
    /// <param name="block">Block in [0, BlockCount).</param>
    public int ReferenceCount(int block) => _references[block];

    /// <summary>Blocks that hold a number of tokens.</summary>
    public int BlocksFor(int tokens) => (tokens / BlockSize) + (tokens % BlockSize == 0 ? 0 : 1);

    /// <summary>Free blocks that <see cref="TryAppend"/> would take, the copy of a shared partial block included.</summary>
    public int BlocksToAppend(KvBlockTable table, int tokens)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        var added = BlocksFor(table.Length + tokens) - table.BlockCount;
        return tokens > 0 && LastBlockIsPartialAndShared(table) ? added + 1 : added;
    }

    /// <summary>Gives a table slots for more tokens: all of them, or none when too few blocks are free.</summary>
    /// <param name="table">The table to lengthen.</param>
    /// <param name="tokens">Tokens to add, at least 0.</param>
    /// <param name="copy">The copy the model must make before it writes to the new slots, or null.</param>
    /// <returns>False, with nothing changed, when fewer than <see cref="BlocksToAppend"/> blocks are free.</returns>
    public bool TryAppend(KvBlockTable table, int tokens, out BlockCopy? copy)
    {
        copy = null;
        if (BlocksToAppend(table, tokens) > FreeCount)
        {
            return false;
        }

        if (tokens > 0 && LastBlockIsPartialAndShared(table))
        {
            var shared = table.Blocks[^1];
            var own = Take();
            Release(shared);
            table.ReplaceLast(own);
            copy = new BlockCopy(shared, own);
        }

        table.Length += tokens;
        for (var missing = BlocksFor(table.Length) - table.BlockCount; missing > 0; missing--)
        {
            table.Add(Take());
        }

        return true;
    }

    /// <summary>
    /// Makes an empty table share the first tokens of another, the partial last block included. Takes no block; both
    /// tables may be appended to and freed in any order afterwards.
    /// </summary>
    /// <param name="source">The table to share with.</param>
    /// <param name="length">Tokens to share, in [0, source.Length]; need not end at a block's end.</param>
    /// <param name="destination">The table to fill.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is not empty.</exception>
    public void Fork(KvBlockTable source, int length, KvBlockTable destination)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, source.Length);
        if (destination.Length != 0)
        {
            throw new ArgumentException($"The fork's table already holds {destination.Length} tokens; free it first.", nameof(destination));
        }

        var shared = source.Blocks[..BlocksFor(length)];
        foreach (var block in shared)
        {
            Hold(block);
        }

        destination.Take(shared, length);
    }

    /// <summary>Makes an empty table share full blocks, in their order. Takes no block.</summary>
    /// <param name="blocks">Blocks somebody holds.</param>
    /// <param name="destination">The table to fill.</param>
    internal void Share(ReadOnlySpan<int> blocks, KvBlockTable destination)
    {
        foreach (var block in blocks)
        {
            Hold(block);
        }

        destination.Take(blocks, blocks.Length * BlockSize);
    }

    /// <summary>One more holder of a block that somebody holds.</summary>
    internal void Hold(int block) => _references[block]++;

    /// <summary>Gives a table's blocks back, those still shared excepted, and empties it. O(blocks).</summary>
    public void Free(KvBlockTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        foreach (var block in table.Blocks)
        {
            Release(block);
        }

        table.Clear();
    }

    /// <summary>Starts <see cref="PeakUsed"/> again from the blocks held now.</summary>
    public void ResetPeak() => PeakUsed = UsedCount;

    private bool LastBlockIsPartialAndShared(KvBlockTable table) =>
        table.Length % BlockSize != 0 && _references[table.Blocks[^1]] > 1;

    private int Take()
    {
        var block = _firstFree;
        _firstFree = _nextFree[block];
        _references[block] = 1;
        FreeCount--;
        PeakUsed = Math.Max(PeakUsed, UsedCount);
        return block;
    }

    /// <summary>One holder fewer; the block is free without any.</summary>
    internal void Release(int block)
    {
        if (--_references[block] > 0)
        {
            return;
        }

        _nextFree[block] = _firstFree;
        _firstFree = block;
        FreeCount++;
    }
}
