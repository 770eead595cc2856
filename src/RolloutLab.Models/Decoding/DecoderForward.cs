using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>The one forward pass of training and decoding: about a dozen calls a layer, whatever the number of tokens.</summary>
internal static class DecoderForward
{
    /// <summary>Hidden states after the final norm.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="tokenIds">Token ids, <c>[N]</c>.</param>
    /// <returns><c>[N, D]</c>, or <c>[R, D]</c> where the pass wants R tokens; a tensor of the current scope.</returns>
    public static Tensor Run<TAttention>(DecoderPass<TAttention> pass, ReadOnlySpan<int> tokenIds)
        where TAttention : IAttention, allows ref struct
    {
        using var scope = new TensorScope();
        var residual = pass.Embed(tokenIds);
        var normed = pass.NormBefore(0, residual);
        for (var i = 0; i < pass.LayerCount; i++)
        {
            var (sum, sumNormed) = pass.Layer(i, residual, normed);
            residual.Dispose();
            normed.Dispose();
            (residual, normed) = (sum, sumNormed);
        }

        return scope.Keep(normed);
    }
}
