using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// Cosines and sines of the rotary angles, <c>[P, hd/2] float32</c>: position p turns pair d by p·θ^(−2d/hd)
/// (Su et al. 2021). Angles are computed in double, so that they stay exact at large positions.
/// </summary>
internal sealed class RotaryTable : IDisposable
{
    private readonly TensorOwner _owner = new();

    public RotaryTable(int positions, int headDim, double theta, Device device)
    {
        var half = headDim / 2;
        var (cos, sin) = (new float[checked(positions * half)], new float[positions * half]);
        for (var d = 0; d < half; d++)
        {
            var frequency = Math.Pow(theta, -2.0 * d / headDim);
            for (var p = 0; p < positions; p++)
            {
                var (s, c) = Math.SinCos(p * frequency);
                (cos[(p * half) + d], sin[(p * half) + d]) = ((float)c, (float)s);
            }
        }

        using var scope = new TensorScope();
        Cos = _owner.Take(torch.tensor<float>(cos, [positions, half], device));
        Sin = _owner.Take(torch.tensor<float>(sin, [positions, half], device));
    }

    public Tensor Cos { get; }

    public Tensor Sin { get; }

    public void Dispose() => _owner.Dispose();
}
