using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// An endless sequence of passes over [0, count): each epoch is its own permutation, a pure function of seed, purpose
/// and epoch, or without shuffling the natural order. Thread-safe.
/// </summary>
internal sealed class EpochOrder
{
    // Keeps the stream of an epoch's order apart from streams that draw the content of item 0.
    private const long OrderKey = -1;

    private readonly int _count;
    private readonly RandomStreams _random;
    private readonly StreamPurpose _purpose;
    private readonly bool _shuffled;
    private Permutation? _last;

    public EpochOrder(int count, RandomStreams random, StreamPurpose purpose, bool shuffled = true)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        (_count, _random, _purpose, _shuffled) = (count, random, purpose, shuffled);
    }

    /// <summary>Item at a position of the endless sequence.</summary>
    public int At(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        return Of(index / _count)[(int)(index % _count)];
    }

    /// <summary>The permutation of one epoch, <c>[count]</c>; not to be written to.</summary>
    public int[] Of(long epoch)
    {
        // The last permutation is kept; a race at worst computes one twice.
        var last = Volatile.Read(ref _last);
        if (last is null || last.Epoch != epoch)
        {
            last = new Permutation(epoch, Permute(epoch));
            Volatile.Write(ref _last, last);
        }

        return last.Items;
    }

    private int[] Permute(long epoch)
    {
        var items = new int[_count];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = i;
        }

        if (_shuffled)
        {
            _random.Stream(_purpose, epoch, OrderKey).Shuffle<int>(items);
        }

        return items;
    }

    private sealed record Permutation(long Epoch, int[] Items);
}
