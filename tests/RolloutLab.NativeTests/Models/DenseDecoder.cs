using RolloutLab.Models;

namespace RolloutLab.NativeTests.Models;

/// <summary>
/// The published equations of the Llama family in plain double arithmetic, one position and one head at a time, on the
/// weights as they lie on disk under Hugging Face's names. It shares nothing with the code under test but the file.
/// </summary>
internal sealed class DenseDecoder
{
    private readonly ModelConfig _config;
    private readonly Dictionary<string, double[]> _weights = new(StringComparer.Ordinal);

    public DenseDecoder(DecoderWeights weights)
    {
        _config = weights.Config;
        using var folder = new TemporaryFolder();
        var path = folder.File("weights");
        weights.Save(path);
        using var file = SafetensorsFile.Open(path);
        foreach (var entry in file.Entries)
        {
            var values = new float[entry.ElementCount];
            file.ReadFloat32(entry, 0, values);
            _weights[entry.Name] = Array.ConvertAll(values, value => (double)value);
        }
    }

    /// <summary>The weights by their names on disk; a test may move them.</summary>
    public IReadOnlyDictionary<string, double[]> Weights => _weights;

    /// <summary>Log-probabilities of the next token after each position, <c>[n][V]</c>.</summary>
    public double[][] LogProbs(ReadOnlySpan<int> ids, double temperature = 1)
    {
        var head = _config.TieWordEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight";
        return [.. Hidden(ids).Select(row => LogSoftmax(Multiply(head, row).Select(logit => logit / temperature).ToArray()))];
    }

    /// <summary>Hidden states after the final norm, <c>[n][D]</c>.</summary>
    public double[][] Hidden(ReadOnlySpan<int> ids)
    {
        var width = _config.HiddenSize;
        var rows = new double[ids.Length][];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = _weights["model.embed_tokens.weight"].AsSpan(ids[i] * width, width).ToArray();
        }

        for (var layer = 0; layer < _config.Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            var attended = Attention(prefix + "self_attn.", [.. rows.Select(row => RmsNorm(prefix + "input_layernorm.weight", row))]);
            rows = [.. rows.Zip(attended, Add)];
            var normed = rows.Select(row => RmsNorm(prefix + "post_attention_layernorm.weight", row));
            rows = [.. rows.Zip(normed, (row, input) => Add(row, FeedForward(prefix + "mlp.", input)))];
        }

        return [.. rows.Select(row => RmsNorm("model.norm.weight", row))];
    }

    private double[][] Attention(string prefix, double[][] inputs)
    {
        var (dim, group) = (_config.HeadDim, _config.Heads / _config.KeyValueHeads);
        var queries = inputs.Select((input, position) => Heads(prefix, "q", input, position)).ToArray();
        var keys = inputs.Select((input, position) => Heads(prefix, "k", input, position)).ToArray();
        var values = inputs.Select(input => Project(prefix + "v_proj", input).Chunk(dim).ToArray()).ToArray();
        return [.. inputs.Select((_, i) =>
        {
            var joined = new List<double>();
            for (var head = 0; head < _config.Heads; head++)
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
        [.. Project($"{prefix}{kind}_proj", input).Chunk(_config.HeadDim)
            .Select(head => _config.HasQkNorm ? RmsNorm($"{prefix}{kind}_norm.weight", head) : head)
            .Select(head => Rotate(head, position))];

    /// <summary>RoPE: the pair (d, d + dim/2) turns by position · θ^(−2d/dim).</summary>
    private double[] Rotate(double[] head, int position)
    {
        var half = head.Length / 2;
        var turned = new double[head.Length];
        for (var d = 0; d < half; d++)
        {
            var angle = position * Math.Pow(_config.RopeTheta, -2.0 * d / head.Length);
            turned[d] = (head[d] * Math.Cos(angle)) - (head[d + half] * Math.Sin(angle));
            turned[d + half] = (head[d + half] * Math.Cos(angle)) + (head[d] * Math.Sin(angle));
        }

        return turned;
    }

    private double[] FeedForward(string prefix, double[] input)
    {
        var gate = Multiply(prefix + "gate_proj.weight", input);
        var up = Multiply(prefix + "up_proj.weight", input);
        return Multiply(prefix + "down_proj.weight", [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)]);
    }

    private double[] RmsNorm(string weight, double[] row)
    {
        var scale = 1 / Math.Sqrt(row.Select(x => x * x).Average() + _config.NormEpsilon);
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
