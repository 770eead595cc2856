using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// Cosines and sines of the rotary angles, <c>[P, hd/2] float32</c>: position p turns pair d by p·θ^(−2d/hd)
/// (Su et al. 2021), or by the frequency the configuration's scaling makes of it. Angles are computed in double, so that they
/// stay exact at large positions.
/// </summary>
internal sealed class RotaryTable : IDisposable
{
    private readonly TensorOwner _owner = new();

    public RotaryTable(ModelConfig config, int positions, Device device)
    {
        var (frequencies, factor) = (RotaryFrequencies.Of(config), RotaryFrequencies.AttentionFactor(config));
        var half = frequencies.Length;
        var (cos, sin) = (new float[checked(positions * half)], new float[positions * half]);
        for (var d = 0; d < half; d++)
        {
            var frequency = frequencies[d];
            for (var p = 0; p < positions; p++)
            {
                var (s, c) = Math.SinCos(p * frequency);
                (cos[(p * half) + d], sin[(p * half) + d]) = ((float)(factor * c), (float)(factor * s));
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
