using RolloutLab.Models;

namespace RolloutLab.Training;

/// <summary>
/// Numbers that a token's pass through the decoder keeps, counted from what each operation saves for its gradient. D is the
/// hidden width, F the feed-forward width, q and kv those of all query and of all key heads.
/// </summary>
/// <param name="config">The shape.</param>
internal sealed class ActivationCount(ModelConfig config)
{
    private long Hidden => config.HiddenSize;

    private long FeedForward => config.IntermediateSize;

    private long Qkv => config.QueryWidth + (2L * config.KeyValueWidth);

    /// <summary>Where all layers are kept: and, in the last one's gradient, what is being computed; or before, a reference's pass beside them.</summary>
    /// <param name="scoresReference">Whether a reference policy scores the same tokens.</param>
    public long Whole(bool scoresReference) => (config.Layers * Layer) + (scoresReference ? Math.Max(Passing, Decoding) : Passing);

    /// <summary>Where the residual stream before each layer is kept, and one layer with its gradient.</summary>
    public long Checkpointed => (config.Layers * Hidden) + Layer + Passing;

    /// <summary>Where nothing is kept: one layer of an engine step, or of a reference.</summary>
    public long Decoding => (2 * Hidden) + Math.Max((2 * Qkv) + config.QueryWidth, (2 * Hidden) + (3 * FeedForward));

    /// <summary>
    /// What an adapter's forward pass takes in the last layer beyond what the backward pass has there: a matrix's own outputs, its
    /// updates one by one and side by side (the sum comes when the updates are gone), where what follows it in the layer is not yet.
    /// </summary>
    /// <param name="widest">Most outputs of an adapted matrix.</param>
    public long Adapting(int widest) => Math.Max(0, (3L * widest) - (2 * Hidden) - (3 * FeedForward) - Passing);

    /// <summary>
    /// One layer: both residual sums and what their norms gave (4 D), rotated queries, keys and values, what the attention
    /// gave with its normalisers, gate and up (2 F) and their product (F); with query and key norms also what they were
    /// computed from.
    /// </summary>
    private long Layer => (4 * Hidden) + Qkv + config.QueryWidth + (2L * config.Heads) + (3 * FeedForward) + (config.HasQkNorm ? Qkv : 0);

    /// <summary>Gradients on their way through a layer: of the residual stream and its norm, of gate and up, of their product.</summary>
    private long Passing => (3 * Hidden) + (3 * FeedForward);
}
