using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>A linear map of a decoder: x Wᵀ + b, and what an adapter adds to it.</summary>
/// <param name="Weight"><c>[N, K]</c>.</param>
/// <param name="Bias"><c>[N]</c>, or null.</param>
/// <param name="Packed">
/// The weight as <see cref="fused.pack_linear"/> made it, for decoding; null where gradients flow or the weight is not on the CPU.
/// </param>
/// <param name="Adapter">
/// The low-rank update beside the weight; null for none, and where it is merged into <paramref name="Packed"/>.
/// </param>
/// <param name="Rounded">Whether weight and bias count as bfloat16; an adapter does not.</param>
internal readonly record struct Projection(Tensor Weight, Tensor? Bias, Tensor? Packed = null, LowRankUpdate? Adapter = null, bool Rounded = false)
{
    /// <summary>The map of M rows.</summary>
    /// <param name="x"><c>[M, K]</c>.</param>
    /// <returns><c>[M, N]</c>, a tensor of the current scope.</returns>
    public Tensor Apply(Tensor x)
    {
        if (Adapter is null)
        {
            return Own(x);
        }

        // The outputs without the update die here, not with the layer.
        using var scope = new TensorScope();
        return scope.Keep(Adapter.AddTo(Own(x), x));
    }

    private Tensor Own(Tensor x) =>
        Packed is not null ? fused.packed_linear(x, Packed, Weight.shape[0], Rounded && Bias is not null ? fused.round_bfloat16(Bias) : Bias)
        : Rounded ? fused.rounded_linear(x, Weight, Bias)
        : torch.linear(x, Weight, Bias);
}
