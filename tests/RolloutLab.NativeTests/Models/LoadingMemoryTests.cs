using System.Globalization;
using System.Text;
using RolloutLab.Models;
using RolloutLab.NativeTests.Torch;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Models;

/// <summary>Memory is the whole process's, so this runs with no other test beside it.</summary>
[Collection(nameof(LiveTensors))]
public class LoadingMemoryTests
{
    private static readonly ModelConfig Config = new()
    {
        VocabularySize = 32_000,
        HiddenSize = 512,
        Layers = 12,
        Heads = 8,
        KeyValueHeads = 4,
        HeadDim = 64,
        IntermediateSize = 1536,
        MaxPositions = 64,
    };

    /// <summary>
    /// 68 M weights in bfloat16, 273 MB as float32, in shards. A sparse file of zeros takes no disk, and is read as any other.
    /// </summary>
    [Fact]
    public void Loading_takes_little_more_than_the_weights_themselves()
    {
        using var folder = new TemporaryFolder();
        WriteZeros(folder);
        var bytes = 4 * ParameterLayout.Of(Config).Sum(spec => spec.ElementCount);
        Assert.InRange(bytes, 200_000_000, 400_000_000);

        GC.Collect();
        File.WriteAllText("/proc/self/clear_refs", "5"); // Starts the high-water mark anew.

        using var weights = DecoderWeights.Load(Config, folder.Path, Device.Cpu);

        // Over what is there once they are loaded: what came before, and LibTorch's own pages, do not count.
        var resident = Status("VmRSS:");
        Assert.InRange(Status("VmHWM:") - resident, 0, 0.1 * bytes);
    }

    private static void WriteZeros(TemporaryFolder folder)
    {
        var parts = ParameterLayout.Of(Config).SelectMany(spec => spec.Parts.Select(part => (part.Name, Shape: spec.ShapeOf(part.Rows)))).Chunk(40).ToList();
        var map = new List<string>();
        for (var i = 0; i < parts.Count; i++)
        {
            var (name, offset) = ($"model-{i + 1:D5}-of-{parts.Count:D5}.safetensors", 0L);
            var entries = new List<string>();
            foreach (var (tensor, shape) in parts[i])
            {
                var end = offset + (2 * shape.Aggregate(1L, (a, b) => a * b));
                entries.Add($$"""  "{{tensor}}":{"dtype":"BF16","shape":[{{string.Join(',', shape)}}],"data_offsets":[{{offset}},{{end}}]}""");
                map.Add($"\"{tensor}\":\"{name}\"");
                offset = end;
            }

            var header = Encoding.ASCII.GetBytes($"{{{string.Join(',', entries)}}}");
            using var stream = File.Create(folder.File(name));
            stream.Write(BitConverter.GetBytes((long)header.Length));
            stream.Write(header);
            stream.SetLength(8 + header.Length + offset);
        }

        File.WriteAllText(folder.File("model.safetensors.index.json"), $$"""{"weight_map": { {{string.Join(',', map)}} } }""");
    }

    private static double Status(string key) => 1024.0 * long.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith(key, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1].TrimStart('\t'),
        CultureInfo.InvariantCulture);
}
