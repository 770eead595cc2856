using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Kernels;

/// <summary>The operations written out in elementary tensor operations.</summary>
internal static class References
{
    public static Tensor RmsNorm(Tensor x, Tensor weight, double eps) =>
        x / (x.square().mean(-1, keepdim: true) + eps).sqrt() * weight;

    public static Tensor SwiGlu(Tensor gateUp)
    {
        var width = gateUp.size(1) / 2;
        return gateUp.narrow(1, 0, width).silu() * gateUp.narrow(1, width, width);
    }

    /// <summary>Causal attention sequence by sequence; <c>[T, Hq d]</c>.</summary>
    public static Tensor Attention(Tensor q, Tensor k, Tensor v, int[] boundaries, double scale)
    {
        List<Tensor> outputs = [];
        for (var i = 0; i + 1 < boundaries.Length; i++)
        {
            var (start, length) = (boundaries[i], boundaries[i + 1] - boundaries[i]);
            if (length > 0)
            {
                outputs.Add(OneSequence(q.narrow(0, start, length), k.narrow(0, start, length), v.narrow(0, start, length), scale));
            }
        }

        return outputs.Count == 0 ? q.reshape(0, q.size(1) * q.size(2)) : torch.cat([.. outputs]);
    }

    /// <summary>Turns the pairs (i, i + d/2) of each head by the angles of its token's position.</summary>
    public static Tensor Rotate(Tensor heads, Tensor cos, Tensor sin)
    {
        var half = heads.size(2) / 2;
        var (first, second) = (heads.narrow(2, 0, half), heads.narrow(2, half, half));
        return torch.cat([first * cos - second * sin, second * cos + first * sin], 2);
    }

    private static Tensor OneSequence(Tensor q, Tensor k, Tensor v, double scale)
    {
        var (length, heads, group) = (q.size(0), q.size(1), q.size(1) / k.size(1));
        var shared = torch.tensor<long>([.. Enumerable.Range(0, (int)heads).Select(head => head / group)]);
        var scores = q.transpose(0, 1).matmul(k.index_select(1, shared).transpose(0, 1).transpose(1, 2)) * scale;
        var mask = new double[length * length];
        for (var i = 0; i < length; i++)
        {
            for (var j = i + 1; j < length; j++)
            {
                mask[i * length + j] = double.NegativeInfinity;
            }
        }

        var weights = (scores + torch.tensor<double>(mask, [length, length])).softmax(-1);
        return weights.matmul(v.index_select(1, shared).transpose(0, 1)).transpose(0, 1).reshape(length, heads * q.size(2));
    }
}
