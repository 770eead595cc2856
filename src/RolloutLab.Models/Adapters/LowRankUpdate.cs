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
    public Tensor AddTo(Tensor output, Tensor x) => Joined(output, dim: 1, (part, own) =>
    {
        var input = Dropout is null ? x : x * Dropout.Mask(part.Module, (int)x.shape[0], x.device);
        return own + torch.linear(torch.linear(input, part.A) * Scaling, part.B);
    });

    /// <summary>W + s·B A, for running without the update beside it.</summary>
    /// <param name="weight"><c>[N, K]</c>.</param>
    /// <returns><c>[N, K]</c>, a tensor of the current scope.</returns>
    public Tensor Merged(Tensor weight) => Joined(weight, dim: 0, (part, own) => own + (part.B.matmul(part.A) * Scaling));

    private Tensor Joined(Tensor whole, int dim, Func<LowRankPart, Tensor, Tensor> add)
    {
        var length = whole.shape[dim];
        var pieces = new List<Tensor>();
        long next = 0;
        foreach (var part in Parts)
        {
            if (part.Module.FirstRow > next)
            {
                pieces.Add(whole.narrow(dim, next, part.Module.FirstRow - next));
            }

            pieces.Add(add(part, part.Module.Rows == length ? whole : whole.narrow(dim, part.Module.FirstRow, part.Module.Rows)));
            next = part.Module.FirstRow + part.Module.Rows;
        }

        if (next < length)
        {
            pieces.Add(whole.narrow(dim, next, length - next));
        }

        return pieces.Count == 1 ? pieces[0] : torch.cat([.. pieces], dim);
    }
}
