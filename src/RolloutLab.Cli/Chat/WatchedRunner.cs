using RolloutLab.Engine;

namespace RolloutLab.Cli;

/// <summary>A runner that tells of every token it draws.</summary>
/// <param name="runner">The runner; borrowed.</param>
/// <param name="onToken">Told the ids, in the order of the step's rows.</param>
internal sealed class WatchedRunner(IModelRunner runner, Action<int> onToken) : IModelRunner
{
    /// <inheritdoc/>
    public int VocabularySize => runner.VocabularySize;

    /// <inheritdoc/>
    public int MaxPositions => runner.MaxPositions;

    /// <inheritdoc/>
    public int BlockSize => runner.BlockSize;

    /// <inheritdoc/>
    public int BlockCount => runner.BlockCount;

    /// <inheritdoc/>
    public void Prepare() => runner.Prepare();

    /// <inheritdoc/>
    public void CopyBlocks(ReadOnlySpan<BlockCopy> copies) => runner.CopyBlocks(copies);

    /// <inheritdoc/>
    public void Execute(ModelStep step, Span<SampledToken> sampled)
    {
        runner.Execute(step, sampled);
        foreach (var token in sampled)
        {
            onToken(token.TokenId);
        }
    }
}
