using System.Numerics;

namespace RolloutLab.Engine;

/// <summary>
/// The KV blocks of one sequence, in order: position p lies in block <c>Blocks[p / block size]</c> at offset
/// <c>p % block size</c>. Filled and emptied by one <see cref="KvBlockPool"/> only; starts empty and may be used again.
/// </summary>
public sealed class KvBlockTable
{
    private const int FirstCapacity = 4;

    private int[] _blocks = [];

    /// <summary>Number of positions with a slot, at least 0.</summary>
    public int Length { get; internal set; }

    /// <summary>Number of blocks, <c>ceil(Length / block size)</c>.</summary>
    public int BlockCount { get; private set; }

    /// <summary>The blocks, <c>[BlockCount]</c>; valid until the table next changes.</summary>
    public ReadOnlySpan<int> Blocks => _blocks.AsSpan(0, BlockCount);

    internal void Add(int block)
    {
        if (BlockCount == _blocks.Length)
        {
            Array.Resize(ref _blocks, Math.Max(FirstCapacity, BlockCount * 2));
        }

        _blocks[BlockCount++] = block;
    }

    /// <summary>Fills an empty table, with room for the next block.</summary>
    internal void Take(ReadOnlySpan<int> blocks, int length)
    {
        if (_blocks.Length <= blocks.Length)
        {
            _blocks = new int[Math.Max(FirstCapacity, (int)BitOperations.RoundUpToPowerOf2((uint)blocks.Length + 1))];
        }

        blocks.CopyTo(_blocks);
        (BlockCount, Length) = (blocks.Length, length);
    }

    internal void ReplaceLast(int block) => _blocks[BlockCount - 1] = block;

    internal void Clear() => (Length, BlockCount) = (0, 0);
}
