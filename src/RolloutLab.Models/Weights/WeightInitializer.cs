using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>Starting values, addressed by (seed, parameter, element), so that they depend on neither order nor threads.</summary>
internal sealed class WeightInitializer(ModelConfig config, RandomStreams streams)
{
    private const double StandardDeviation = 0.02;

    // One thread handles a range this long: large enough to make the scheduling free.
    private const int RangeLength = 1 << 14;

    private float[] _staging = [];

    public void Fill(int ordinal, ParameterSpec spec, Tensor tensor)
    {
        if (spec.Init is ParameterInit.Zeros or ParameterInit.Ones)
        {
            tensor.fill_(spec.Init == ParameterInit.Ones ? 1 : 0);
            return;
        }

        var count = checked((int)spec.ElementCount);
        if (_staging.Length < count)
        {
            _staging = GC.AllocateUninitializedArray<float>(count);
        }

        var deviation = spec.Init == ParameterInit.ResidualNormal ? StandardDeviation / Math.Sqrt(2.0 * config.Layers) : StandardDeviation;
        var stream = streams.Stream(StreamPurpose.WeightInitialization, prompt: ordinal);
        var values = _staging;
        Parallel.For(0, (count + RangeLength - 1) / RangeLength, range =>
        {
            for (var i = range * RangeLength; i < Math.Min(count, (range + 1) * RangeLength); i++)
            {
                values[i] = (float)(deviation * stream.Normal(i));
            }
        });
        tensor.CopyFrom<float>(values.AsSpan(0, count));
    }
}
