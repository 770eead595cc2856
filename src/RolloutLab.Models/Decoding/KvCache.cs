using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>Size of a paged key/value cache.</summary>
/// <param name="BlockSize">Tokens in a block.</param>
/// <param name="BlockCount">Number of blocks.</param>
public readonly record struct KvCacheSize(int BlockSize, int BlockCount)
{
    /// <summary>Tokens it holds.</summary>
    public long Tokens => (long)BlockSize * BlockCount;

    /// <summary>The smallest cache that holds a number of tokens.</summary>
    /// <param name="tokens">At least 1.</param>
    /// <param name="blockSize">Tokens in a block, at least 1.</param>
    public static KvCacheSize OfTokens(long tokens, int blockSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(tokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockSize);
        return new KvCacheSize(blockSize, checked((int)((tokens + blockSize - 1) / blockSize)));
    }

    /// <summary>The largest cache that fits into a number of bytes; none when not even one block does.</summary>
    /// <param name="bytes">Bytes for all layers together.</param>
    /// <param name="blockSize">Tokens in a block, at least 1.</param>
    /// <param name="config">The model.</param>
    public static KvCacheSize OfBytes(long bytes, int blockSize, ModelConfig config)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockSize);
        return new KvCacheSize(blockSize, (int)Math.Min(bytes / (blockSize * BytesPerToken(config)), int.MaxValue / blockSize));
    }

    /// <summary>Bytes one token takes: a float32 key and value in every layer.</summary>
    public static long BytesPerToken(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return 2L * sizeof(float) * config.KeyValueWidth * config.Layers;
    }
}

/// <summary>
/// The keys and values of every layer in blocks. Inside a block the lanes of the wide operation run along tokens for
/// keys (<c>[B, Hk, hd, bs]</c>) and along the head for values (<c>[B, Hk, bs, hd]</c>).
/// </summary>
internal sealed class KvCache : IDisposable
{
    private readonly TensorOwner _owner = new();

    public KvCache(ModelConfig config, KvCacheSize size, Device device)
    {
        Size = size;
        Keys = new Tensor[config.Layers];
        Values = new Tensor[config.Layers];
        try
        {
            using var scope = new TensorScope();
            long[] keyShape = [size.BlockCount, config.KeyValueHeads, config.HeadDim, size.BlockSize];
            long[] valueShape = [size.BlockCount, config.KeyValueHeads, size.BlockSize, config.HeadDim];
            for (var layer = 0; layer < config.Layers; layer++)
            {
                Keys[layer] = _owner.Take(torch.zeros(keyShape, ScalarType.Float32, device));
                Values[layer] = _owner.Take(torch.zeros(valueShape, ScalarType.Float32, device));
            }
        }
        catch
        {
            _owner.Dispose();
            throw;
        }
    }

    public KvCacheSize Size { get; }

    /// <summary>Key cache of each layer.</summary>
    public Tensor[] Keys { get; }

    /// <summary>Value cache of each layer.</summary>
    public Tensor[] Values { get; }

    public void Dispose() => _owner.Dispose();
}
