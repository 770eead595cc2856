using RolloutLab.Engine;

namespace RolloutLab.UnitTests.Engine;

/// <summary>
/// A model given as a function from the whole context to next-token probabilities. It reads the context back through
/// the block tables it is given, so a wrong table, slot or copy changes what it says.
/// </summary>
internal sealed class TableRunner(Func<int[], double[]> model, int vocabulary, int blockCount, int blockSize, int maxPositions = 64)
    : IModelRunner
{
    private readonly (int Position, int Token)[] _slots = new (int, int)[blockCount * blockSize];

    public int VocabularySize => vocabulary;

    public int MaxPositions => maxPositions;

    public int BlockSize => blockSize;

    public int BlockCount => blockCount;

    public int Copies { get; private set; }

    public void CopyBlocks(ReadOnlySpan<BlockCopy> copies)
    {
        foreach (var copy in copies)
        {
            Array.Copy(_slots, copy.Source * blockSize, _slots, copy.Destination * blockSize, blockSize);
            Copies++;
        }
    }

    public void Execute(ModelStep step, Span<SampledToken> sampled)
    {
        for (var token = 0; token < step.TokenCount; token++)
        {
            _slots[step.SlotMapping[token]] = (step.Positions[token], step.TokenIds[token]);
        }

        for (var row = 0; row < step.SampleCount; row++)
        {
            var probabilities = model(Context(step, step.SampleRows[row]));
            var drawn = Draw(probabilities, step.Uniforms[row]);
            sampled[row] = new SampledToken(drawn, (float)Math.Log(probabilities[drawn]));
            for (var rank = 0; rank < step.TopCount; rank++)
            {
                step.Top[(row * step.TopCount) + rank] = Top(probabilities, rank);
            }
        }
    }

    public static int Draw(double[] probabilities, double uniform)
    {
        var token = 0;
        while (token < probabilities.Length - 1 && uniform >= probabilities[token])
        {
            uniform -= probabilities[token++];
        }

        return token;
    }

    public static TopToken Top(double[] probabilities, int rank)
    {
        if (rank >= probabilities.Length)
        {
            return new TopToken(-1, 0, float.NegativeInfinity);
        }

        var id = Enumerable.Range(0, probabilities.Length).OrderByDescending(i => probabilities[i]).ThenBy(i => i).ElementAt(rank);
        return new TopToken(id, (float)probabilities[id], (float)Math.Log(probabilities[id]));
    }

    private int[] Context(ModelStep step, int token)
    {
        var context = new int[step.Positions[token] + 1];
        for (var position = 0; position < context.Length; position++)
        {
            var block = step.BlockTables[(step.SequenceOfToken[token] * step.BlockTableStride) + (position / blockSize)];
            var (stored, id) = _slots[(block * blockSize) + (position % blockSize)];
            Assert.Equal(position, stored);
            context[position] = id;
        }

        return context;
    }
}
