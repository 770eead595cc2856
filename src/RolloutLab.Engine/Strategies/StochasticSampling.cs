namespace RolloutLab.Engine;

/// <summary>Every response is drawn from the prompt on by itself: no branch at all. The plain sampling of GRPO.</summary>
public sealed class StochasticSampling : IBranchPolicy, ITreeGrower
{
    /// <inheritdoc/>
    public int TopTokens => 0;

    /// <inheritdoc/>
    public IReadOnlyList<ITreeGrower> Begin(long step, IReadOnlyList<int> leaves) => [.. leaves.Select(_ => this)];

    /// <inheritdoc/>
    public void Start(GrowingTree tree)
    {
        ArgumentNullException.ThrowIfNull(tree);
        for (var i = 0; i < tree.Leaves; i++)
        {
            tree.Plant(GrowingTree.Never);
        }

        tree.Settle();
    }

    /// <inheritdoc/>
    public bool Decide(GrowingTree tree) => throw new InvalidOperationException("Nothing is ever held.");

    /// <inheritdoc/>
    public void Rest(GrowingTree tree) => throw new InvalidOperationException("A settled tree is not asked.");
}
