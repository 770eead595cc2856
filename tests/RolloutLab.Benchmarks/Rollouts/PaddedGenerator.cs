using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>
/// The generate loop of Hugging Face style code, in this project's own LibTorch, as the engine's fair rival: one row of
/// padded keys and values for each sequence (allocated once, not concatenated), prompts computed for every rollout, and
/// every row decoded until the longest of the batch has ended. It shares the weights, the fused row kernels and the
/// sampling with the engine; what differs is how keys and values are kept and who stays in the batch.
/// </summary>
internal sealed class PaddedGenerator : IDisposable
{
    private const double Scale = 0.125;
    private readonly TensorOwner _owner = new();
    private readonly ModelConfig _config;
    private readonly Dictionary<string, Tensor> _weights;
    private readonly Tensor _cos;
    private readonly Tensor _sin;

    public PaddedGenerator(DecoderWeights weights)
    {
        _config = weights.Config;
        _weights = weights.Parameters.ToDictionary(p => p.Name, p => p.Tensor);
        var half = _config.HeadDim / 2;
        var angles = Enumerable.Range(0, _config.MaxPositions * half)
            .Select(i => i / half * Math.Pow(_config.RopeTheta, -2.0 * (i % half) / _config.HeadDim)).ToList();
        using var scope = new TensorScope();
        _cos = _owner.Take(torch.tensor<float>([.. angles.Select(a => (float)Math.Cos(a))], [_config.MaxPositions, half]));
        _sin = _owner.Take(torch.tensor<float>([.. angles.Select(a => (float)Math.Sin(a))], [_config.MaxPositions, half]));
    }

    /// <summary>Generates one batch to the end of its longest sequence.</summary>
    /// <param name="prompts">Prompts of one length, a row each.</param>
    /// <param name="uniform">The number that decides draw <c>t</c> of row <c>b</c>.</param>
    /// <param name="endToken">Ends a row.</param>
    /// <param name="maxNewTokens">Most tokens of a row.</param>
    /// <returns>Tokens of all rows up to their ends.</returns>
    public long Generate(IReadOnlyList<int[]> prompts, Func<int, int, double> uniform, int endToken, int maxNewTokens)
    {
        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        var (rows, length) = (prompts.Count, prompts[0].Length);
        var capacity = length + maxNewTokens;
        var caches = Enumerable.Range(0, _config.Layers).Select(_ => (
            Keys: torch.empty([rows * _config.Heads, capacity, _config.HeadDim]),
            Values: torch.empty([rows * _config.Heads, capacity, _config.HeadDim]))).ToList();
        var tokens = prompts.SelectMany(p => p).ToArray();
        var ended = new bool[rows];
        var generated = 0L;
        var last = Forward(caches, tokens, rows, length, 0);
        for (var t = 0; ; t++)
        {
            using var step = new TensorScope();
            var drawn = Draw(last, rows, t, uniform);
            generated += ended.Count(e => !e);
            for (var b = 0; b < rows; b++)
            {
                ended[b] |= drawn[b] == endToken;
            }

            last.Dispose();
            if (t + 1 == maxNewTokens || ended.All(e => e))
            {
                return generated;
            }

            last = step.Keep(Forward(caches, drawn, rows, 1, length + t));
        }
    }

    public void Dispose() => _owner.Dispose();

    /// <summary>Logits of the last token of each row, <c>[rows, V]</c>.</summary>
    private Tensor Forward(List<(Tensor Keys, Tensor Values)> caches, int[] tokens, int rows, int count, int start)
    {
        using var scope = new TensorScope();
        int[] positions = [.. Enumerable.Range(0, tokens.Length).Select(i => start + (i % count))];
        var epsilon = _config.NormEpsilon;
        var residual = torch.embedding(_weights["model.embed_tokens.weight"], torch.tensor<int>(tokens));
        var normed = fused.rms_norm(residual, _weights["model.layers.0.input_layernorm.weight"], epsilon);
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            using var layerScope = new TensorScope();
            var prefix = $"model.layers.{layer}.";
            var (q, k, v) = fused.split_qkv_rope(
                torch.linear(normed, _weights[prefix + "self_attn.qkv_proj.weight"]), null, null, epsilon, _cos, _sin, positions, _config.Heads, _config.Heads);
            Store(caches[layer].Keys, k, rows, count, start);
            Store(caches[layer].Values, v, rows, count, start);
            var attended = start == 0
                ? fused.varlen_attention(q, k, v, [.. Enumerable.Range(0, rows + 1).Select(r => r * count)], [], Scale)
                : AttendPadded(q, caches[layer], rows, start + 1);
            var projected = torch.linear(attended, _weights[prefix + "self_attn.o_proj.weight"]);
            var (middle, middleNormed) = fused.add_rms_norm(projected, residual, _weights[prefix + "post_attention_layernorm.weight"], epsilon);
            var activated = fused.swiglu(torch.linear(middleNormed, _weights[prefix + "mlp.gate_up_proj.weight"]));
            var next = layer + 1 < _config.Layers ? $"model.layers.{layer + 1}.input_layernorm.weight" : "model.norm.weight";
            var (sum, sumNormed) = fused.add_rms_norm(torch.linear(activated, _weights[prefix + "mlp.down_proj.weight"]), middle, _weights[next], epsilon);
            (residual, normed) = (layerScope.Keep(sum), layerScope.Keep(sumNormed));
        }

        var ends = torch.tensor<int>([.. Enumerable.Range(1, rows).Select(r => (r * count) - 1)]);
        return scope.Keep(torch.linear(normed.index_select(0, ends), _weights["model.embed_tokens.weight"]));
    }

    private void Store(Tensor cache, Tensor values, int rows, int count, int start)
    {
        var (heads, size) = (_config.Heads, _config.HeadDim);
        var byHead = count == 1
            ? values.reshape(rows * heads, 1, size)
            : values.reshape(rows, count, heads, size).transpose(1, 2).reshape(rows * heads, count, size);
        cache.narrow(1, start, count).copy_(byHead);
    }

    private Tensor AttendPadded(Tensor q, (Tensor Keys, Tensor Values) cache, int rows, int length)
    {
        var (heads, size) = (_config.Heads, _config.HeadDim);
        var scores = torch.matmul(q.reshape(rows * heads, 1, size), cache.Keys.narrow(1, 0, length).transpose(1, 2)) * Scale;
        return torch.matmul(scores.softmax(-1), cache.Values.narrow(1, 0, length)).reshape(rows, heads * size);
    }

    private int[] Draw(Tensor logits, int rows, int t, Func<int, int, double> uniform)
    {
        var request = new SampleRequest
        {
            Rows = [.. Enumerable.Range(0, rows)],
            Temperature = [.. Enumerable.Repeat(1f, rows)],
            TopK = new int[rows],
            TopP = [.. Enumerable.Repeat(1f, rows)],
            MinP = new float[rows],
            Uniform = [.. Enumerable.Range(0, rows).Select(b => uniform(b, t))],
            Vocabulary = _config.VocabularySize,
        };
        var (tokens, logProbs) = (new int[rows], new float[rows]);
        fused.sample(logits, request, tokens, logProbs);
        return tokens;
    }
}
