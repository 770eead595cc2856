using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>The matrices of one adapted map; owned by the <see cref="LoraAdapter"/>.</summary>
/// <param name="Module">The map.</param>
/// <param name="A"><c>[r, K]</c>.</param>
/// <param name="B"><c>[N, r]</c>.</param>
internal sealed record LowRankPart(LoraModule Module, Tensor A, Tensor B);

/// <summary>
/// What an adapter adds to one matrix in memory, whose rows may be those of several maps of which some are adapted.
/// </summary>
/// <param name="Parts">The adapted ranges of rows in their order; none overlap.</param>
/// <param name="Scaling">Factor s of every update.</param>
/// <param name="Dropout">Dropout of this pass; null for none.</param>
internal sealed record LowRankUpdate(IReadOnlyList<LowRankPart> Parts, double Scaling, AdapterDropout? Dropout = null)
{
    /// <summary>Adds s·x AᵀBᵀ to the matrix's own outputs.</summary>
    /// <param name="output">x Wᵀ + b, <c>[M, N]</c>.</param>
    /// <param name="x"><c>[M, K]</c>.</param>
    /// <returns><c>[M, N]</c>, a tensor of the current scope.</returns>
    public Tensor AddTo(Tensor output, Tensor x) => output + Joined(output.shape[1], dim: 1, gap => torch.zeros([x.shape[0], gap], device: x.device), part =>
    {
        using var scope = new TensorScope();
        var input = Dropout is null ? x : x * Dropout.Mask(part.Module, (int)x.shape[0], x.device);
        return scope.Keep(torch.linear(torch.linear(input, part.A) * Scaling, part.B));
    });

    /// <summary>W + s·B A, for running without the update beside it.</summary>
    /// <param name="weight"><c>[N, K]</c>.</param>
    /// <returns><c>[N, K]</c>, a tensor of the current scope.</returns>
    public Tensor Merged(Tensor weight) => weight + Joined(
        weight.shape[0], dim: 0, gap => torch.zeros([gap, weight.shape[1]], device: weight.device), part => part.B.matmul(part.A) * Scaling);

    /// <summary>The updates of all parts side by side, with zeros where a part is not adapted.</summary>
    private Tensor Joined(long length, int dim, Func<long, Tensor> zeros, Func<LowRankPart, Tensor> update)
    {
        if (Parts.Count == 1 && Parts[0].Module.Rows == length)
        {
            return update(Parts[0]);
        }

        var pieces = new List<Tensor>();
        long next = 0;
        foreach (var part in Parts)
        {
            AddGap(part.Module.FirstRow);
            pieces.Add(update(part));
            next = part.Module.FirstRow + part.Module.Rows;
        }

        AddGap(length);
        var joined = torch.cat([.. pieces], dim);
        pieces.ForEach(piece => piece.Dispose());
        return joined;

        void AddGap(long end)
        {
            if (end > next)
            {
                pieces.Add(zeros(end - next));
            }
        }
    }
}
