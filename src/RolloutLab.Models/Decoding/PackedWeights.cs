using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// The projections of a decoder in the order in which decoding reads them: a second copy of its matrices, refreshed when a
/// policy is published. Not safe for concurrent use.
/// </summary>
/// <param name="weights">The parameters; must outlive this.</param>
internal sealed class PackedWeights(DecoderWeights weights) : IDisposable
{
    private TensorOwner _owner = new();

    /// <summary>The layers from first to last.</summary>
    public IReadOnlyList<LayerWeights> Layers { get; private set; } = weights.Layers;

    /// <summary>The output head.</summary>
    public Projection Head { get; private set; } = new(weights.Head, null);

    /// <summary>Takes over what the parameters hold now.</summary>
    /// <exception cref="TorchOutOfMemoryException">The copy does not fit into memory.</exception>
    public void Refresh()
    {
        if (weights.Device.Type != DeviceType.Cpu)
        {
            return;
        }

        _owner.Dispose();
        _owner = new TensorOwner();
        using var scope = new TensorScope();
        Layers = [.. weights.Layers.Select(layer => layer with
        {
            Qkv = Pack(layer.Qkv),
            Output = Pack(layer.Output),
            GateUp = Pack(layer.GateUp),
            Down = Pack(layer.Down),
        })];
        Head = Pack(new Projection(weights.Head, null));
    }

    /// <summary>Frees the copy; the parameters stay.</summary>
    public void Dispose() => _owner.Dispose();

    private Projection Pack(Projection projection) => projection with { Packed = _owner.Take(fused.pack_linear(projection.Weight)) };
}
