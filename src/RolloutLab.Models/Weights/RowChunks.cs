using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// Moves rows of parameters between files and tensors through one small buffer, so that the memory of loading and saving is
/// that of the tensors alone. Not safe for concurrent use.
/// </summary>
internal sealed class RowChunks
{
    private const int StagingElements = 1 << 20;

    private float[] _staging = [];

    /// <summary>What is done with some rows of a part.</summary>
    /// <param name="row">The first of them, from 0 in the part.</param>
    /// <param name="rows">How many.</param>
    /// <param name="values">Their elements; the buffer, whose content is whatever it held.</param>
    public delegate void Action(int row, int rows, Span<float> values);

    /// <summary>Visits all rows of a part in order.</summary>
    public void ForEach(ParameterSpec spec, int rows, Action action)
    {
        var rowElements = (int)spec.ElementsOf(1);
        var chunkRows = Math.Min(rows, Math.Max(1, StagingElements / rowElements));
        if (_staging.Length < chunkRows * rowElements)
        {
            _staging = GC.AllocateUninitializedArray<float>(chunkRows * rowElements);
        }

        for (var row = 0; row < rows; row += chunkRows)
        {
            var count = Math.Min(chunkRows, rows - row);
            action(row, count, _staging.AsSpan(0, count * rowElements));
        }
    }

    /// <summary>Copies rows of a tensor into the buffer.</summary>
    public static void Copy(Tensor tensor, int row, int rows, Span<float> values)
    {
        using var scope = new TensorScope();
        tensor.detach().narrow(0, row, rows).to(ScalarType.Float32).CopyTo(values);
    }

    /// <summary>Writes the buffer to rows of a tensor of float32, or of bfloat16, to which it is rounded.</summary>
    public static void Store(ReadOnlySpan<float> values, Tensor tensor, int row, int rows)
    {
        using var scope = new TensorScope();
        var target = tensor.detach().narrow(0, row, rows);
        if (target.dtype == ScalarType.Float32)
        {
            target.CopyFrom(values);
        }
        else
        {
            target.copy_(torch.tensor(values, target.device).reshape(target.shape));
        }
    }
}
