using RolloutLab.Engine;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// Runs a decoder on the engine's steps over a paged key/value cache, without gradients. The weights are those the
/// trainer writes, rearranged for decoding when a run of the engine begins. One thread at a time; a step leaves no
/// tensor behind.
/// </summary>
public sealed class PagedModelRunner : IModelRunner, IDisposable
{
    /// <summary>Blocks hold a multiple of this many tokens.</summary>
    public const int BlockSizeMultiple = 8;

    private readonly DecoderModel _model;
    private readonly KvCache _cache;
    private readonly PackedWeights _weights;
    private readonly SampleRows _rows = new();
    private int[] _sources = [];
    private int[] _destinations = [];
    private int[] _tokenIds = [];
    private float[] _logProbs = [];
    private int[] _topIds = [];
    private float[] _topProbabilities = [];
    private float[] _topLogProbs = [];

    /// <summary>Allocates the cache.</summary>
    /// <param name="model">The decoder; must outlive the runner.</param>
    /// <param name="size">Size of the cache.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The block size is no positive multiple of <see cref="BlockSizeMultiple"/>, or there is no block.
    /// </exception>
    /// <exception cref="TorchOutOfMemoryException">The cache does not fit into memory.</exception>
    public PagedModelRunner(DecoderModel model, KvCacheSize size)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size.BlockCount, nameof(size));
        if (size.BlockSize < 1 || size.BlockSize % BlockSizeMultiple != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(size), size.BlockSize, $"a block holds a positive multiple of {BlockSizeMultiple} tokens");
        }

        _model = model;
        _cache = new KvCache(model.Config, size, model.Weights.Device);
        _weights = new PackedWeights(model);
    }

    /// <inheritdoc/>
    public int VocabularySize => _model.Config.VocabularySize;

    /// <inheritdoc/>
    public int MaxPositions => _model.MaxPositions;

    /// <inheritdoc/>
    public int BlockSize => _cache.Size.BlockSize;

    /// <inheritdoc/>
    public int BlockCount => _cache.Size.BlockCount;

    /// <inheritdoc/>
    public void Prepare() => _weights.Refresh();

    /// <inheritdoc/>
    public void CopyBlocks(ReadOnlySpan<BlockCopy> copies)
    {
        if (copies.IsEmpty)
        {
            return;
        }

        if (_sources.Length < copies.Length)
        {
            var capacity = Math.Max(copies.Length, 2 * _sources.Length);
            (_sources, _destinations) = (new int[capacity], new int[capacity]);
        }

        for (var i = 0; i < copies.Length; i++)
        {
            (_sources[i], _destinations[i]) = (copies[i].Source, copies[i].Destination);
        }

        var sources = _sources.AsSpan(0, copies.Length);
        var destinations = _destinations.AsSpan(0, copies.Length);
        for (var layer = 0; layer < _cache.Keys.Length; layer++)
        {
            fused.kv_copy_blocks(_cache.Keys[layer], _cache.Values[layer], sources, destinations);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">
    /// The step has no token, a sample row is none of its tokens, or <paramref name="sampled"/> is not as long as its sample rows.
    /// </exception>
    /// <exception cref="TorchException">An index of the step is out of range, or a logit is NaN or infinite.</exception>
    public void Execute(ModelStep step, Span<SampledToken> sampled)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step.TokenCount, nameof(step));
        if (sampled.Length != step.SampleCount)
        {
            throw new ArgumentException($"{sampled.Length} places for {step.SampleCount} sampled tokens", nameof(sampled));
        }

        _rows.Collect(step);
        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        var rows = _rows.AreAllTokens ? null : torch.tensor(_rows.Distinct, _model.Weights.Device);
        var pass = new DecoderPass<PagedAttention>(
            _model.Weights,
            _weights.Layers,
            _model.Rotary,
            step.Positions.AsSpan(0, step.TokenCount),
            new PagedAttention(_cache, step, _model.AttentionScale),
            rows);
        var hidden = DecoderForward.Run(pass, step.TokenIds.AsSpan(0, step.TokenCount));
        if (step.SampleCount > 0)
        {
            Sample(_weights.Head.Apply(hidden), step, sampled);
        }
    }

    /// <summary>Frees the cache and the rearranged weights; the model stays.</summary>
    public void Dispose()
    {
        _weights.Dispose();
        _cache.Dispose();
    }

    private void Sample(Tensor logits, ModelStep step, Span<SampledToken> sampled)
    {
        var count = step.SampleCount;
        if (_tokenIds.Length < count)
        {
            var capacity = Math.Max(count, 2 * _tokenIds.Length);
            (_tokenIds, _logProbs) = (new int[capacity], new float[capacity]);
        }

        var request = new SampleRequest
        {
            Rows = _rows.LogitRows,
            Temperature = step.Temperatures.AsSpan(0, count),
            TopK = step.TopK.AsSpan(0, count),
            TopP = step.TopP.AsSpan(0, count),
            MinP = step.MinP.AsSpan(0, count),
            Uniform = step.Uniforms.AsSpan(0, count),
            Vocabulary = VocabularySize,
        };
        var told = count * step.TopCount;
        if (_topIds.Length < told)
        {
            var capacity = Math.Max(told, 2 * _topIds.Length);
            (_topIds, _topProbabilities, _topLogProbs) = (new int[capacity], new float[capacity], new float[capacity]);
        }

        var top = new TopTokens
        {
            TokenIds = _topIds.AsSpan(0, told),
            Probabilities = _topProbabilities.AsSpan(0, told),
            LogProbs = _topLogProbs.AsSpan(0, told),
        };
        fused.sample(logits, request, _tokenIds.AsSpan(0, count), _logProbs.AsSpan(0, count), top);
        for (var i = 0; i < count; i++)
        {
            sampled[i] = new SampledToken(_tokenIds[i], _logProbs[i]);
        }

        for (var i = 0; i < told; i++)
        {
            step.Top[i] = new TopToken(_topIds[i], _topProbabilities[i], _topLogProbs[i]);
        }
    }
}
