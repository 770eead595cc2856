namespace RolloutLab.Engine;

/// <summary>Copies one KV block to another, in every layer.</summary>
public readonly record struct BlockCopy(int Source, int Destination);

/// <summary>
/// What the scheduler wants computed in one step: N tokens of S sequences, flat, prefill and decode mixed. The tokens of
/// a sequence lie together, in order of position; all its earlier positions have been computed in earlier steps. No two
/// tokens share a slot. The arrays are reused between steps; the counts say how much of each is valid.
/// </summary>
public sealed class ModelStep
{
    /// <summary>Number of tokens N.</summary>
    public int TokenCount { get; set; }

    /// <summary>Number of sequences S.</summary>
    public int SequenceCount { get; set; }

    /// <summary>Number of rows sampled R.</summary>
    public int SampleCount { get; set; }

    /// <summary>Token ids, <c>[N]</c>.</summary>
    public int[] TokenIds { get; set; } = [];

    /// <summary>Position of each token in its sequence, <c>[N]</c>; the token attends to positions 0 to itself.</summary>
    public int[] Positions { get; set; } = [];

    /// <summary>Where the token's key and value go, <c>[N]</c>: block × block size + offset.</summary>
    public int[] SlotMapping { get; set; } = [];

    /// <summary>Row of <see cref="BlockTables"/> for each token, <c>[N]</c>.</summary>
    public int[] SequenceOfToken { get; set; } = [];

    /// <summary>Block tables, <c>[S × BlockTableStride]</c>, row by row; 0 past a sequence's last block.</summary>
    public int[] BlockTables { get; set; } = [];

    /// <summary>Entries in each block table row: as many as the longest of this step needs.</summary>
    public int BlockTableStride { get; set; }

    /// <summary>
    /// Tokens (indices in [0, N)) whose next token is drawn, <c>[R]</c>, never falling. One index comes several times in
    /// a row where rollouts of one prompt draw their first tokens from the same logits.
    /// </summary>
    public int[] SampleRows { get; set; } = [];

    /// <summary>Temperature for each drawn row, <c>[R]</c>; 0 is greedy.</summary>
    public float[] Temperatures { get; set; } = [];

    /// <summary>Top-k for each drawn row, <c>[R]</c>; 0 keeps all.</summary>
    public int[] TopK { get; set; } = [];

    /// <summary>Top-p for each drawn row, <c>[R]</c>; 1 keeps all.</summary>
    public float[] TopP { get; set; } = [];

    /// <summary>Min-p for each drawn row, <c>[R]</c>; 0 keeps all.</summary>
    public float[] MinP { get; set; } = [];

    /// <summary>The uniform number in [0, 1) each draw uses, <c>[R]</c>.</summary>
    public double[] Uniforms { get; set; } = [];

    /// <summary>How many of the most probable tokens each drawn row tells of, M; 0 for none.</summary>
    public int TopCount { get; set; }

    /// <summary>
    /// Written by the runner: the M most probable tokens of each drawn row, <c>[R × M]</c>, the most probable first and
    /// the lower id among equals; id -1 and probability 0 past the vocabulary's end.
    /// </summary>
    public TopToken[] Top { get; set; } = [];
}

/// <summary>A token that could have been drawn.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Probability">Its probability at temperature 1, before top-k, top-p and min-p.</param>
/// <param name="LogProb">Its log-probability at the row's temperature (1 where that is 0), before top-k, top-p and min-p.</param>
public readonly record struct TopToken(int TokenId, float Probability, float LogProb);

/// <summary>A drawn token.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="LogProb">Its log-probability in the distribution it was drawn from.</param>
public readonly record struct SampledToken(int TokenId, float LogProb);

/// <summary>Runs the model on a step of the scheduler. The engine sees integers only; tensors live behind this port.</summary>
public interface IModelRunner
{
    /// <summary>Number of token ids.</summary>
    int VocabularySize { get; }

    /// <summary>Most positions of one sequence.</summary>
    int MaxPositions { get; }

    /// <summary>Tokens in a KV block.</summary>
    int BlockSize { get; }

    /// <summary>Number of KV blocks.</summary>
    int BlockCount { get; }

    /// <summary>Called before the steps of a run of the engine, during which the weights do not change; does nothing unless the runner says so.</summary>
    void Prepare()
    {
    }

    /// <summary>
    /// Copies KV blocks; called before the <see cref="Execute"/> whose tokens write to the copies, and only if there are
    /// any. No block is a destination twice, nor the source of a later copy: making the copies in order, or reading all
    /// sources before writing, comes to the same. (A source may be a later copy's destination.)
    /// </summary>
    void CopyBlocks(ReadOnlySpan<BlockCopy> copies);

    /// <summary>
    /// Computes a step and draws a token for each of its sample rows into <paramref name="sampled"/>, <c>[R]</c>; R may be 0.
    /// A draw must depend on its row's context, sampling numbers and uniform number only.
    /// </summary>
    void Execute(ModelStep step, Span<SampledToken> sampled);
}
