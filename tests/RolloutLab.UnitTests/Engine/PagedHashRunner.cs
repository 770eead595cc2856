using RolloutLab.Engine;

namespace RolloutLab.UnitTests.Engine;

/// <summary>
/// A model whose "keys and values" are tokens and context hashes in slots. Everything it knows of a context it reads
/// back through the block tables it is given, so a wrong table, slot, copy or order of steps changes what it draws.
/// </summary>
internal sealed class PagedHashRunner(int blockCount, int blockSize, int maxPositions = 64) : IModelRunner
{
    private readonly (int Position, int Token, ulong Hash)[] _slots = new (int, int, ulong)[blockCount * blockSize];

    public int VocabularySize => ContextHash.VocabularySize;

    public int MaxPositions => maxPositions;

    public int BlockSize => blockSize;

    public int BlockCount => blockCount;

    public int Steps { get; private set; }

    public int LargestStep { get; private set; }

    public int MostSequences { get; private set; }

    public int Copies { get; private set; }

    public Action<ModelStep>? OnStep { get; set; }

    public void CopyBlocks(ReadOnlySpan<BlockCopy> copies)
    {
        var destinations = new HashSet<int>();
        foreach (var copy in copies)
        {
            Assert.NotEqual(copy.Source, copy.Destination);
            Assert.DoesNotContain(copy.Source, destinations);
            Assert.True(destinations.Add(copy.Destination), "A block is the destination of two copies.");
            Array.Copy(_slots, copy.Source * blockSize, _slots, copy.Destination * blockSize, blockSize);
            Copies++;
        }
    }

    public void Execute(ModelStep step, Span<SampledToken> sampled)
    {
        OnStep?.Invoke(step);
        Steps++;
        LargestStep = Math.Max(LargestStep, step.TokenCount);
        MostSequences = Math.Max(MostSequences, step.SequenceCount);
        Assert.Equal(step.SampleCount, sampled.Length);
        Assert.Equal(step.TokenCount, step.SlotMapping.Take(step.TokenCount).Distinct().Count());
        for (var token = 0; token < step.TokenCount; token++)
        {
            var position = step.Positions[token];
            var slot = Slot(step, token, position);
            Assert.Equal(slot, step.SlotMapping[token]);
            var before = position == 0 ? ContextHash.Start : _slots[Slot(step, token, position - 1)].Hash;
            _slots[slot] = (position, step.TokenIds[token], ContextHash.Extend(before, step.TokenIds[token]));
        }

        for (var row = 0; row < step.SampleCount; row++)
        {
            var (token, logProb) = ContextHash.Draw(Attend(step, step.SampleRows[row]), step.Uniforms[row]);
            sampled[row] = new SampledToken(token, logProb);
        }
    }

    /// <summary>Reads the whole context, and checks that each slot was computed with exactly this context before it.</summary>
    private ulong Attend(ModelStep step, int token)
    {
        var hash = ContextHash.Start;
        for (var position = 0; position <= step.Positions[token]; position++)
        {
            var (storedPosition, storedToken, storedHash) = _slots[Slot(step, token, position)];
            hash = ContextHash.Extend(hash, storedToken);
            Assert.Equal(position, storedPosition);
            Assert.Equal(hash, storedHash);
        }

        return hash;
    }

    private int Slot(ModelStep step, int token, int position)
    {
        var row = step.SequenceOfToken[token];
        Assert.InRange(row, 0, step.SequenceCount - 1);
        Assert.InRange(position / blockSize, 0, step.BlockTableStride - 1);
        return (step.BlockTables[(row * step.BlockTableStride) + (position / blockSize)] * blockSize) + (position % blockSize);
    }
}
