using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using RolloutLab.Core;
using RolloutLab.Models;

namespace RolloutLab.NativeTests.Models;

public sealed class SafetensorsTests : IDisposable
{
    private static readonly Dictionary<string, string> Metadata = new() { ["format"] = "pt" };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Writes_the_bytes_of_the_format()
    {
        var path = _folder.File("a.safetensors");
        SafetensorsWriter.Write(path, [Floats("b", [2], 1f, -2f), Floats("a", [1, 1], 0.5f)], Metadata);

        var json = """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""";
        var padded = json.PadRight((json.Length + 7) / 8 * 8);
        var expected = new List<byte>(BitConverter.GetBytes((long)padded.Length));
        expected.AddRange(Encoding.ASCII.GetBytes(padded));
        expected.AddRange([0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]);
        Assert.Equal(expected, File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Writes_wide_types_first_so_that_all_are_aligned()
    {
        var path = _folder.File("a.safetensors");
        SafetensorsWriter.Write(
            path, [Bytes("a", SafetensorsType.U8, [3], 1, 2, 3), Bytes("z", SafetensorsType.I64, [1], new byte[8]), Floats("m", [], 7f)]);
        using var file = SafetensorsFile.Open(path);
        Assert.Equal(["z", "m", "a"], file.Entries.Select(entry => entry.Name));
        Assert.Empty(file.Find("m")!.Shape);
        Assert.Empty(file.Metadata);
    }

    [Fact]
    public void Reads_back_narrow_floats_exactly()
    {
        var path = _folder.File("a.safetensors");
        Half[] halves = [(Half)1.5f, (Half)(-0.000061035156f), Half.MaxValue, Half.Epsilon, (Half)3f];
        ushort[] bfloats = [0x3f80, 0xc049, 0x0001];
        SafetensorsWriter.Write(path, [
            Bytes("h", SafetensorsType.F16, [5], MemoryMarshal.AsBytes(halves.AsSpan()).ToArray()),
            Bytes("g", SafetensorsType.BF16, [3], MemoryMarshal.AsBytes(bfloats.AsSpan()).ToArray())]);
        using var file = SafetensorsFile.Open(path);
        var read = new float[5];
        file.ReadFloat32(file.Find("h")!, 0, read);
        Assert.Equal([1.5f, -0.000061035156f, 65504f, 5.9604645e-8f, 3f], read);
        file.ReadFloat32(file.Find("g")!, 0, read.AsSpan(0, 3));
        Assert.Equal([1f, -3.140625f, BitConverter.Int32BitsToSingle(0x10000)], read[..3]);
    }

    [Fact]
    public void Refuses_to_load_integers_as_weights()
    {
        var path = _folder.File("a.safetensors");
        SafetensorsWriter.Write(path, [Bytes("ids", SafetensorsType.I32, [1], 1, 0, 0, 0)]);
        using var file = SafetensorsFile.Open(path);
        var error = Assert.Throws<CheckpointException>(() => file.ReadFloat32(file.Find("ids")!, 0, new float[1]));
        Assert.Equal($"{path}: ids: dtype I32 cannot be loaded as weights; supported: F32, F16, BF16", error.Message);
    }

    [Fact]
    public void Leaves_the_old_file_when_writing_fails()
    {
        var path = _folder.File("a.safetensors");
        SafetensorsWriter.Write(path, [Floats("a", [1], 1f)]);
        var before = File.ReadAllBytes(path);
        var full = new SafetensorsSource("a", SafetensorsType.F32, [1], _ => throw new IOException("No space left on device"));
        var error = Assert.Throws<CheckpointException>(() => SafetensorsWriter.Write(path, [full]));
        Assert.Equal($"{path}: cannot be written (No space left on device); free disk space or choose another folder", error.Message);
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(path, [Floats("a", [2], 1f)]));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(path, [Floats("a", [1], 1f), Floats("a", [1], 2f)]));
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", 4, "a: shape and dtype need 8 bytes, but data_offsets hold 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "a: data_offsets 4..0 run backwards")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "a: ends at byte 8 of the data, but the file has 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "4 bytes after the last tensor belong to none")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "a: leaves a gap of 4 bytes before it")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "b: overlaps another tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "a: the product of its shape exceeds 64 bits")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "a: shape has -1")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "a: shape has 1.5")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551616]}}""", 4, "a: data_offsets has 18446744073709551616")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}""", 4, "a: needs dtype, shape and two data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","data_offsets":[0,4]}}""", 4, "a: needs dtype")]
    [InlineData("""{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}""", 4, "a: dtype 'F31' is not supported")]
    [InlineData("""{"a":{"dtype":"9","shape":[1],"data_offsets":[0,4]}}""", 4, "a: dtype '9' is not supported")]
    [InlineData("""{"a":{"dtype":9,"shape":[1],"data_offsets":[0,4]}}""", 4, "a: dtype '9' is not supported")]
    [InlineData("""{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", 4, "a: shape is not a list")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}""", 4, "a: unknown key 'more'")]
    [InlineData("""{"a":[]}""", 0, "a: is not described by an object")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}""", 2, "header is not valid JSON")]
    [InlineData("""{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1, "header is not valid JSON")]
    [InlineData("""{"__metadata__":{"a":1}}""", 0, "__metadata__: 'a' is not a string")]
    [InlineData("""{"__metadata__":"a"}""", 0, "__metadata__: is not an object of strings")]
    [InlineData("""{"\ud800":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}""", 0, "header is not valid JSON")]
    [InlineData("""{"a\nb":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}""", 1, "a?b: shape and dtype need 2 bytes")]
    [InlineData("""[]""", 0, "header is not a JSON object")]
    [InlineData(""" {}""", 0, "header is not a JSON object")]
    [InlineData("""{""", 0, "header is not valid JSON")]
    public void Refuses_hostile_headers_by_file_tensor_and_reason(string header, int dataLength, string reason)
    {
        var path = _folder.File("hostile.safetensors");
        File.WriteAllBytes(path, Raw(header, dataLength));
        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path));
        Assert.StartsWith($"{path}: {reason}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1UL << 63)]
    [InlineData(100_000_001UL)]
    [InlineData(3UL)]
    public void Refuses_header_lengths_out_of_bounds(ulong length)
    {
        var bytes = Raw("{}", 0);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        var path = _folder.File("hostile.safetensors");
        File.WriteAllBytes(path, bytes);
        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path));
        Assert.Contains($"header length {length} exceeds", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Accepts_an_empty_file_of_the_format_and_tensors_without_elements()
    {
        var path = _folder.File("a.safetensors");
        File.WriteAllBytes(path, Raw("""{"a":{"dtype":"F32","shape":[0,3],"data_offsets":[0,0]},"b":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}  """, 1));
        using var file = SafetensorsFile.Open(path);
        Assert.Equal([0L, 1L], file.Entries.Select(entry => entry.ElementCount));
    }

    [Fact]
    public void Names_a_file_that_is_not_there()
    {
        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open("/nowhere/a"));
        Assert.StartsWith("/nowhere/a: cannot be read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_files_are_refused_or_read_never_worse()
    {
        var path = _folder.File("a.safetensors");
        SafetensorsWriter.Write(path, [Floats("model.layers.0.w", [2, 3], 1, 2, 3, 4, 5, 6), Floats("b", [4], 1, 2, 3, 4)], Metadata);
        var whole = File.ReadAllBytes(path);
        var stream = new RandomStreams(7).Stream(StreamPurpose.DatasetGeneration);
        var refused = 0;
        for (var trial = 0; trial < 1200; trial++)
        {
            File.WriteAllBytes(path, Damage(whole, stream, trial));
            try
            {
                using var file = SafetensorsFile.Open(path);
                foreach (var entry in file.Entries)
                {
                    file.ReadBytes(entry, new byte[entry.End - entry.Begin]);
                }
            }
            catch (CheckpointException error)
            {
                Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', error.Message);
                refused++;
            }
        }

        Assert.InRange(refused, 600, 1199);
    }

    /// <summary>A third each: cut short, some bits flipped, some bytes replaced.</summary>
    private static byte[] Damage(byte[] whole, RandomStream stream, int trial)
    {
        var position = trial * 16L;
        if (trial % 3 == 0)
        {
            return whole[..stream.Below(position, whole.Length)];
        }

        var bytes = (byte[])whole.Clone();
        for (var i = 0; i <= stream.Below(position, 4); i++)
        {
            var at = stream.Below(position + 1 + (3 * i), bytes.Length);
            bytes[at] = trial % 3 == 1
                ? (byte)(bytes[at] ^ (1 << stream.Below(position + 2 + (3 * i), 8)))
                : (byte)"0123456789{}[]\",:-e "[stream.Below(position + 2 + (3 * i), 20)];
        }

        return bytes;
    }

    private static byte[] Raw(string header, int dataLength)
    {
        var json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((long)json.Length), .. json, .. new byte[dataLength]];
    }

    private static SafetensorsSource Floats(string name, long[] shape, params float[] values) =>
        Bytes(name, SafetensorsType.F32, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    private static SafetensorsSource Bytes(string name, SafetensorsType type, long[] shape, params byte[] bytes) =>
        new(name, type, shape, stream => stream.Write(bytes));
}
