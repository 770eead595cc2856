namespace RolloutLab.Engine;

/// <summary>
/// Grows the tree of one prompt. A row is <em>held</em> when it waits at a position for a decision, else it draws to
/// its end by itself. Decisions must follow from the tree, the rows' tokens and <see cref="GrowingTree.Choices"/> only,
/// and never from how far free rows have come: then the tree is the same whatever runs beside it. When no row is left
/// that could bring the next call, or <see cref="GrowingTree.Settle"/> was called, the rows that were not removed must
/// be as many as <see cref="GrowingTree.Leaves"/>.
/// </summary>
public interface ITreeGrower
{
    /// <summary>Called once before anything is computed: plants the first rows.</summary>
    void Start(GrowingTree tree);

    /// <summary>
    /// Called when every held row has its draw. Each must be taken or removed, or all be left as they are, for the
    /// decision to be asked again when another group of the round has moved.
    /// </summary>
    /// <returns>False when it left them all.</returns>
    bool Decide(GrowingTree tree);

    /// <summary>Called when a row has finished, or <see cref="Decide"/> has ended, and none is held: may plant and fork, or settle.</summary>
    void Rest(GrowingTree tree);
}
