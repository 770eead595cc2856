using System.Buffers;
using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// Which random numbers a pass with dropout draws: those of an optimizer step, and in it of the tokens from a place on. So they
/// depend neither on how a step is cut into micro-batches (where no prefix is shared across a cut) nor on how often a layer is
/// computed.
/// </summary>
/// <param name="Step">Optimizer steps taken before.</param>
/// <param name="Stage">Tells apart stages that count steps from 0 each: 0 for reinforcement learning, 1 for supervised training.</param>
/// <param name="FirstToken">Tokens of the step before the pass.</param>
/// <param name="FirstTerm">Loss terms of the step before the pass; the last layer computes only tokens before terms.</param>
public readonly record struct DropoutPlace(long Step, int Stage = 0, long FirstToken = 0, long FirstTerm = 0)
{
    /// <summary>The place after a micro-batch.</summary>
    public DropoutPlace After(MicroBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return this with { FirstToken = FirstToken + batch.TokenCount, FirstTerm = FirstTerm + batch.LossCount };
    }
}

/// <summary>Dropout of one pass at an adapter's input: an element is zero with the given probability, else divided by the rest of it.</summary>
/// <param name="Streams">The run's random streams.</param>
/// <param name="Probability">Of zero.</param>
/// <param name="Place">Which pass.</param>
/// <param name="FirstRow">Number of the pass's first row among those of its step.</param>
internal sealed record AdapterDropout(RandomStreams Streams, double Probability, DropoutPlace Place, long FirstRow)
{
    // Sixteen random bits decide an element, four elements share a draw.
    private const int Lanes = 4;
    private const int Bits = 16;

    /// <summary>Factors of an input.</summary>
    /// <param name="module">The map.</param>
    /// <param name="rows">Rows M of the input.</param>
    /// <param name="device">Where the input is.</param>
    /// <returns><c>[M, K] float32</c>, a tensor of the current scope.</returns>
    public Tensor Mask(LoraModule module, int rows, Device device)
    {
        var stream = Streams.Stream(StreamPurpose.AdapterDropout, Place.Step, module.Ordinal, Place.Stage);
        var (width, threshold) = (module.Columns, (ulong)Math.Round(Probability * (1 << Bits)));
        var kept = (float)(1 / (1 - ((double)threshold / (1 << Bits))));
        var draws = (width + Lanes - 1) / Lanes;
        var values = ArrayPool<float>.Shared.Rent(checked(rows * width));
        Parallel.For(0, rows, row =>
        {
            var target = values.AsSpan(row * width, width);
            for (var d = 0; d < draws; d++)
            {
                var bits = stream.Bits(((FirstRow + row) * draws) + d);
                for (var i = d * Lanes; i < Math.Min(width, (d + 1) * Lanes); i++, bits >>= Bits)
                {
                    target[i] = (bits & 0xFFFF) < threshold ? 0 : kept;
                }
            }
        });
        var mask = torch.tensor<float>(values.AsSpan(0, rows * width), [rows, width], device);
        ArrayPool<float>.Shared.Return(values);
        return mask;
    }
}
