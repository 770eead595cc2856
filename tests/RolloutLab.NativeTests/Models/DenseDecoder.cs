using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using RolloutLab.Models;

namespace RolloutLab.NativeTests.Models;

/// <summary>
/// The published equations of the Llama family in plain double arithmetic, one position and one head at a time, on a model
/// folder: config.json and the float32 safetensors under Hugging Face's names, both read here. It shares nothing with the code
/// under test but the files.
/// </summary>
internal sealed class DenseDecoder
{
    private readonly Dictionary<string, double[]> _weights = new(StringComparer.Ordinal);
    private readonly DenseRotation _rotation;
    private readonly int _width;
    private readonly int _layers;
    private readonly int _heads;
    private readonly int _keyValueHeads;
    private readonly int _dim;
    private readonly double _epsilon;
    private readonly bool _tied;
    private readonly bool _normsHeads;

    /// <summary>Of weights in memory, by way of a folder.</summary>
    public DenseDecoder(DecoderWeights weights)
        : this(Saved(weights))
    {
    }

    private DenseDecoder(TemporaryFolder folder)
        : this(folder.Path) => folder.Dispose();

    /// <summary>Of a folder with one weight file.</summary>
    public DenseDecoder(string folder)
    {
        var config = JsonNode.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json")))!.AsObject();
        (_width, _layers) = ((int)config["hidden_size"]!, (int)config["num_hidden_layers"]!);
        (_heads, _keyValueHeads) = ((int)config["num_attention_heads"]!, (int)config["num_key_value_heads"]!);
        _dim = (int?)config["head_dim"] ?? (_width / _heads);
        _epsilon = (double?)config["rms_norm_eps"] ?? 1e-6;
        _tied = (bool?)config["tie_word_embeddings"] ?? false;
        _normsHeads = (string)config["model_type"]! == "qwen3";
        _rotation = new DenseRotation(config, _dim);
        Read(Path.Combine(folder, "model.safetensors"));
    }

    /// <summary>The weights by their names on disk; a test may move them.</summary>
    public IReadOnlyDictionary<string, double[]> Weights => _weights;

    /// <summary>Log-probabilities of the next token after each position, <c>[n][V]</c>.</summary>
    public double[][] LogProbs(ReadOnlySpan<int> ids, double temperature = 1) =>
        [.. Logits(ids).Select(row => LogSoftmax([.. row.Select(logit => logit / temperature)]))];

    /// <summary>Logits of the next token after each position, <c>[n][V]</c>.</summary>
    public double[][] Logits(ReadOnlySpan<int> ids)
    {
        var head = _tied ? "model.embed_tokens.weight" : "lm_head.weight";
        return [.. Hidden(ids).Select(row => Multiply(head, row))];
    }

    /// <summary>Hidden states after the final norm, <c>[n][D]</c>.</summary>
    public double[][] Hidden(ReadOnlySpan<int> ids)
    {
        var width = _width;
        var rows = new double[ids.Length][];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = _weights["model.embed_tokens.weight"].AsSpan(ids[i] * width, width).ToArray();
        }

        for (var layer = 0; layer < _layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            var attended = Attention(prefix + "self_attn.", [.. rows.Select(row => RmsNorm(prefix + "input_layernorm.weight", row))]);
            rows = [.. rows.Zip(attended, Add)];
            var normed = rows.Select(row => RmsNorm(prefix + "post_attention_layernorm.weight", row));
            rows = [.. rows.Zip(normed, (row, input) => Add(row, FeedForward(prefix + "mlp.", input)))];
        }

        return [.. rows.Select(row => RmsNorm("model.norm.weight", row))];
    }

    private static TemporaryFolder Saved(DecoderWeights weights)
    {
        var folder = new TemporaryFolder();
        ModelFolder.Save(folder.Path, weights);
        return folder;
    }

    /// <summary>The format in a few lines: a header's length, the header, the data.</summary>
    private void Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, length));
        foreach (var entry in header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__"))
        {
            Assert.Equal("F32", entry.Value.GetProperty("dtype").GetString());
            var offsets = entry.Value.GetProperty("data_offsets");
            var data = bytes.AsSpan(8 + length)[offsets[0].GetInt32()..offsets[1].GetInt32()];
            _weights[entry.Name] = Array.ConvertAll(MemoryMarshal.Cast<byte, float>(data).ToArray(), value => (double)value);
        }
    }

    private double[][] Attention(string prefix, double[][] inputs)
    {
        var (dim, group) = (_dim, _heads / _keyValueHeads);
        var queries = inputs.Select((input, position) => Heads(prefix, "q", input, position)).ToArray();
        var keys = inputs.Select((input, position) => Heads(prefix, "k", input, position)).ToArray();
        var values = inputs.Select(input => Project(prefix + "v_proj", input).Chunk(dim).ToArray()).ToArray();
        return [.. inputs.Select((_, i) =>
        {
            var joined = new List<double>();
            for (var head = 0; head < _heads; head++)
            {
                var shared = head / group;
                var scores = Enumerable.Range(0, i + 1).Select(j => Dot(queries[i][head], keys[j][shared]) / Math.Sqrt(dim)).ToArray();
                var weights = LogSoftmax(scores).Select(Math.Exp).ToArray();
                joined.AddRange(Enumerable.Range(0, dim).Select(d => weights.Select((weight, j) => weight * values[j][shared][d]).Sum()));
            }

            return Project(prefix + "o_proj", [.. joined]);
        })];
    }

    private double[][] Heads(string prefix, string kind, double[] input, int position) =>
        [.. Project($"{prefix}{kind}_proj", input).Chunk(_dim)
            .Select(head => _normsHeads ? RmsNorm($"{prefix}{kind}_norm.weight", head) : head)
            .Select(head => _rotation.Rotate(head, position))];

    private double[] FeedForward(string prefix, double[] input)
    {
        var gate = Multiply(prefix + "gate_proj.weight", input);
        var up = Multiply(prefix + "up_proj.weight", input);
        return Multiply(prefix + "down_proj.weight", [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)]);
    }

    private double[] RmsNorm(string weight, double[] row)
    {
        var scale = 1 / Math.Sqrt(row.Select(x => x * x).Average() + _epsilon);
        return [.. row.Zip(_weights[weight], (x, w) => x * scale * w)];
    }

    private double[] Project(string name, double[] input)
    {
        var output = Multiply(name + ".weight", input);
        return _weights.TryGetValue(name + ".bias", out var bias) ? Add(output, bias) : output;
    }

    private double[] Multiply(string name, double[] input) => [.. _weights[name].Chunk(input.Length).Select(row => Dot(row, input))];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static double[] LogSoftmax(double[] logits)
    {
        var most = logits.Max();
        var total = most + Math.Log(logits.Sum(logit => Math.Exp(logit - most)));
        return [.. logits.Select(logit => logit - total)];
    }
}
