using RolloutLab.Core;
using RolloutLab.Engine;
using RolloutLab.Models;

namespace RolloutLab.NativeTests.Models;

/// <summary>A sequence of the harness: its tokens, how many are in the cache, and its blocks in order.</summary>
internal sealed class PagedSequence
{
    public List<int> Tokens { get; init; } = [];

    public List<int> Blocks { get; init; } = [];

    public int Computed { get; set; }

    /// <summary>Tokens drawn after the last one, in order; a fork takes one each.</summary>
    public List<SampledToken> Drawn { get; } = [];
}

/// <summary>
/// A minimal engine that hands out blocks in a shuffled order, forks with copy-on-write of the partial block, and
/// compares every drawn token's log-probability with the dense reference on the sequence's whole context.
/// </summary>
internal sealed class PagedHarness
{
    private const float Temperature = 0.8f;

    private readonly PagedModelRunner _runner;
    private readonly Queue<int> _freeBlocks;
    private readonly RandomStream _uniforms = new RandomStreams(3).Stream(StreamPurpose.TrainingRollout);

    public PagedHarness(PagedModelRunner runner, DenseDecoder dense)
    {
        (_runner, Dense) = (runner, dense);
        runner.Prepare();
        int[] blocks = [.. Enumerable.Range(0, runner.BlockCount)];
        new RandomStreams(4).Stream(StreamPurpose.PromptOrder).Shuffle(blocks.AsSpan());
        _freeBlocks = new Queue<int>(blocks);
    }

    public DenseDecoder Dense { get; }

    /// <summary>Draws compared so far.</summary>
    public int Compared { get; private set; }

    public PagedSequence Add(int[] tokens) => new() { Tokens = [.. tokens] };

    /// <summary>Forks share the full blocks, own a copy of the partial one, and each continue with one of the drawn tokens.</summary>
    public PagedSequence[] Fork(PagedSequence parent, int count)
    {
        var forks = new PagedSequence[count];
        var copies = new List<BlockCopy>();
        for (var i = 0; i < count; i++)
        {
            forks[i] = new PagedSequence
            {
                Tokens = [.. parent.Tokens, parent.Drawn[i].TokenId],
                Blocks = [.. parent.Blocks],
                Computed = parent.Computed,
            };
            if (parent.Computed % _runner.BlockSize != 0)
            {
                copies.Add(new BlockCopy(parent.Blocks[^1], _freeBlocks.Dequeue()));
                forks[i].Blocks[^1] = copies[^1].Destination;
            }
        }

        _runner.CopyBlocks([.. copies]);
        return forks;
    }

    /// <summary>Computes some tokens of some sequences, draws after the last of each, and compares.</summary>
    public void Step(params (PagedSequence Sequence, int Tokens, int Draws)[] work)
    {
        var step = Prepare(work);
        var sampled = new SampledToken[step.SampleCount];
        _runner.Execute(step, sampled);
        var next = 0;
        foreach (var (sequence, _, draws) in work)
        {
            sequence.Drawn.Clear();
            for (var i = 0; i < draws; i++)
            {
                var token = sampled[next++];
                var expected = Dense.LogProbs(sequence.Tokens.ToArray(), Temperature)[^1][token.TokenId];
                Assert.Equal(expected, token.LogProb, 1e-4);
                sequence.Drawn.Add(token);
                Compared++;
            }

            // A single draw continues the sequence itself; several wait for a fork.
            if (draws == 1)
            {
                sequence.Tokens.Add(sequence.Drawn[0].TokenId);
            }
        }
    }

    /// <summary>The flat step of some work; all draws at one temperature without filters.</summary>
    public ModelStep Prepare(params (PagedSequence Sequence, int Tokens, int Draws)[] work)
    {
        var (ids, positions, slots, owners, rows) = (new List<int>(), new List<int>(), new List<int>(), new List<int>(), new List<int>());
        const int Stride = 8;
        var tables = new int[work.Length * Stride];
        for (var s = 0; s < work.Length; s++)
        {
            var (sequence, tokens, draws) = work[s];
            for (var i = 0; i < tokens; i++, sequence.Computed++)
            {
                var position = sequence.Computed;
                if (position == sequence.Blocks.Count * _runner.BlockSize)
                {
                    sequence.Blocks.Add(_freeBlocks.Dequeue());
                }

                ids.Add(sequence.Tokens[position]);
                positions.Add(position);
                slots.Add((sequence.Blocks[^1] * _runner.BlockSize) + (position % _runner.BlockSize));
                owners.Add(s);
            }

            rows.AddRange(Enumerable.Repeat(ids.Count - 1, draws));
            sequence.Blocks.CopyTo(tables, s * Stride);
        }

        var count = rows.Count;
        return new ModelStep
        {
            TokenCount = ids.Count,
            SequenceCount = work.Length,
            SampleCount = count,
            TokenIds = [.. ids],
            Positions = [.. positions],
            SlotMapping = [.. slots],
            SequenceOfToken = [.. owners],
            BlockTables = tables,
            BlockTableStride = Stride,
            SampleRows = [.. rows],
            Temperatures = [.. Enumerable.Repeat(Temperature, count)],
            TopK = new int[count],
            TopP = [.. Enumerable.Repeat(1f, count)],
            MinP = new float[count],
            Uniforms = [.. Enumerable.Range(0, count).Select(i => _uniforms.Uniform((Compared * 100) + i))],
        };
    }
}
