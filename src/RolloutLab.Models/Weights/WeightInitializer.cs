using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>Starting values, addressed by (seed, parameter, element), so that they depend on neither order nor threads.</summary>
internal sealed class WeightInitializer(ModelConfig config, RandomStreams streams)
{
    private const double StandardDeviation = 0.02;

    // One thread handles a range this long: large enough to make the scheduling free.
    private const int RangeLength = 1 << 14;

    // A matrix is made some rows at a time: the memory of a model from scratch is that of its tensors.
    private const int StagingElements = 1 << 20;

    private float[] _staging = [];

    public void Fill(int ordinal, ParameterSpec spec, Tensor tensor)
    {
        if (spec.Init is ParameterInit.Zeros or ParameterInit.Ones)
        {
            tensor.fill_(spec.Init == ParameterInit.Ones ? 1 : 0);
            return;
        }

        var deviation = spec.Init == ParameterInit.ResidualNormal ? StandardDeviation / Math.Sqrt(2.0 * config.Layers) : StandardDeviation;
        var stream = streams.Stream(StreamPurpose.WeightInitialization, prompt: ordinal);
        var rows = Math.Min(spec.Rows, Math.Max(1, StagingElements / (int)spec.ElementsOf(1)));
        if (_staging.Length < spec.ElementsOf(rows))
        {
            _staging = GC.AllocateUninitializedArray<float>((int)spec.ElementsOf(rows));
        }

        var values = _staging;
        for (var row = 0; row < spec.Rows; row += rows)
        {
            rows = Math.Min(rows, spec.Rows - row);
            var (first, count) = (spec.ElementsOf(row), (int)spec.ElementsOf(rows));
            Parallel.For(0, (count + RangeLength - 1) / RangeLength, range =>
            {
                for (var i = range * RangeLength; i < Math.Min(count, (range + 1) * RangeLength); i++)
                {
                    values[i] = (float)(deviation * stream.Normal(first + i));
                }
            });
            RowChunks.Store(values.AsSpan(0, count), tensor, row, rows);
        }
    }
}
