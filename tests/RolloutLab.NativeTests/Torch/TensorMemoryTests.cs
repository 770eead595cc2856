using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Torch;

/// <summary>What tensors take of the process's memory; with no other test beside, whose tensors would count.</summary>
[Collection(nameof(LiveTensors))]
public class TensorMemoryTests
{
    /// <summary>Bytes of a process that has had no large tensors yet.</summary>
    private const long SmallProcess = 300 << 20;

    private readonly float[] _values = new float[7 << 20];

    /// <summary>
    /// Blocks of many sizes come and go in any order, some for long: what the rest hold stays as it was, though their
    /// neighbours are cut, grown and moved, and a process that had no large ones before takes no more than was in use at once.
    /// </summary>
    [Fact]
    public void Blocks_keep_their_values_and_take_what_was_in_use_at_once()
    {
        var draws = new RandomStreams(11).Stream(StreamPurpose.DatasetGeneration);
        Array.Fill(_values, 1);
        var before = TorchRuntime.Memory().ResidentBytes;
        var (live, bytes, most) = (new List<(Tensor Tensor, float Value)>(), 0L, 0L);
        using var scope = new TensorScope();
        for (var i = 0; i < 1200; i++)
        {
            if (live.Count > 0 && (bytes > 160 << 20 || draws.Uniform(2 * i) < 0.45))
            {
                // Mostly the newest, as a backward pass; now and then any.
                var at = draws.Uniform((2 * i) + 1) < 0.8 ? live.Count - 1 : (int)(draws.Uniform(5000 + i) * live.Count);
                bytes -= 4 * live[at].Tensor.numel();
                Check(live[at]);
                live[at].Tensor.Dispose();
                live.RemoveAt(at);
                continue;
            }

            var elements = (long)((1 << 18) * Math.Exp(3.2 * draws.Uniform((2 * i) + 1)));
            live.Add((torch.empty([elements]).fill_(i), i));
            bytes += 4 * elements;
            most = Math.Max(most, bytes);
        }

        var taken = TorchRuntime.Memory().ResidentBytes - before;
        live.ForEach(Check);
        Assert.True(most > 150 << 20);

        // A process that had more in use before may take as much again; what trainings take as a whole is in MemoryTests.
        Assert.True(before > SmallProcess || taken < (1.125 * most) + (8 << 20), $"{taken >> 20} MiB for at most {most >> 20} MiB in use");
    }

    private void Check((Tensor Tensor, float Value) block)
    {
        var values = _values.AsSpan(0, (int)block.Tensor.numel());
        block.Tensor.CopyTo(values);
        Assert.False(values.ContainsAnyExcept(block.Value));
    }
}
