using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// The projections of a decoder in the order in which decoding reads them: a second copy of its matrices, refreshed when a
/// policy is published. An adapter is merged into a float32 copy, so decoding with one costs nothing more. Not safe for concurrent use.
/// </summary>
/// <param name="model">The model; must outlive this.</param>
internal sealed class PackedWeights(DecoderModel model) : IDisposable
{
    private TensorOwner _owner = new();

    /// <summary>The layers from first to last.</summary>
    public IReadOnlyList<LayerWeights> Layers { get; private set; } = model.Layers;

    /// <summary>The output head.</summary>
    public Projection Head { get; private set; } = HeadOf(model.Weights);

    /// <summary>Takes over what the parameters hold now.</summary>
    /// <exception cref="TorchOutOfMemoryException">The copy does not fit into memory.</exception>
    public void Refresh()
    {
        if (model.Weights.Device.Type != DeviceType.Cpu)
        {
            return;
        }

        _owner.Dispose();
        _owner = new TensorOwner();
        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        Layers = [.. model.Layers.Select(layer => layer.Adapted((_, projection) => Pack(projection)))];
        Head = Pack(HeadOf(model.Weights));
    }

    /// <summary>Frees the copy; the parameters stay.</summary>
    public void Dispose() => _owner.Dispose();

    private static Projection HeadOf(DecoderWeights weights) => new(weights.Head, null, Rounded: weights.IsRounded);

    private Projection Pack(Projection projection)
    {
        // Rounding to bfloat16 would drop most of an adapter's small updates: it stays beside the copy of the weight.
        if (projection.Rounded)
        {
            return projection with { Packed = _owner.Take(fused.pack_linear(projection.Weight, rounded: true)) };
        }

        using var scope = new TensorScope();
        var weight = projection.Adapter?.Merged(projection.Weight) ?? projection.Weight;
        return projection with { Packed = _owner.Take(fused.pack_linear(weight)), Adapter = null };
    }
}
