using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// The parameters of a decoder and their only owner. In memory the query, key and value projections are one matrix, and
/// so are gate and up; on disk they are apart under Hugging Face's names. On one device; float32, or bfloat16 where they
/// count as that and are not trained.
/// </summary>
public sealed class DecoderWeights : IDisposable
{
    private readonly TensorOwner _owner;

    private DecoderWeights(ModelConfig config, Device device, WeightPrecision precision, TensorOwner owner, IReadOnlyList<NamedParameter> parameters)
    {
        (Config, Device, Precision, _owner, Parameters) = (config, device, precision, owner, parameters);
        var byName = parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Tensor, StringComparer.Ordinal);
        Embedding = byName["model.embed_tokens.weight"];
        FinalNorm = byName["model.norm.weight"];
        Head = config.TieWordEmbeddings ? Embedding : byName["lm_head.weight"];
        BaseLayers = [.. Enumerable.Range(0, config.Layers).Select(layer => LayerWeights.Of(byName, layer, IsRounded))];
        Layers = BaseLayers;
    }

    /// <summary>The shape of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>Where the parameters live.</summary>
    public Device Device { get; }

    /// <summary>What they count as where the model computes.</summary>
    public WeightPrecision Precision { get; }

    /// <summary>The parameters in the one order of <see cref="ParameterLayout"/>; a tied head appears once, as the embedding.</summary>
    public IReadOnlyList<NamedParameter> Parameters { get; }

    /// <summary>The low-rank adapter on the weights; null for none.</summary>
    public LoraAdapter? Adapter { get; private set; }

    /// <summary>What an optimizer moves: the adapter's matrices where there is one, else all parameters.</summary>
    public IReadOnlyList<NamedParameter> Trainable => Adapter?.Parameters ?? Parameters;

    /// <summary>Number of weights, an adapter's not counted.</summary>
    public long ParameterCount => ParameterLayout.Of(Config).Sum(spec => spec.ElementCount);

    /// <summary>Whether they count as bfloat16.</summary>
    internal bool IsRounded => Precision == WeightPrecision.Bfloat16;

    /// <summary>Token embedding, <c>[V, D]</c>.</summary>
    internal Tensor Embedding { get; }

    /// <summary>Norm before the head, <c>[D]</c>.</summary>
    internal Tensor FinalNorm { get; }

    /// <summary>Output head, <c>[V, D]</c>; the embedding itself when tied.</summary>
    internal Tensor Head { get; }

    /// <summary>The layers from first to last, with what the adapter adds.</summary>
    internal IReadOnlyList<LayerWeights> Layers { get; private set; }

    /// <summary>The layers without the adapter.</summary>
    internal IReadOnlyList<LayerWeights> BaseLayers { get; }

    /// <summary>
    /// New weights: matrices normal with standard deviation 0.02, those that add to the residual stream scaled by
    /// 1/√(2·layers) (Radford et al. 2019), norms 1, biases 0. A function of the configuration and the seed alone.
    /// </summary>
    /// <param name="config">The shape.</param>
    /// <param name="streams">The run's random streams.</param>
    /// <param name="device">Where to put them.</param>
    /// <param name="precision">What they count as.</param>
    /// <exception cref="ArgumentException">The configuration has a problem; see <see cref="ModelConfig.FindProblem"/>.</exception>
    public static DecoderWeights Initialize(ModelConfig config, RandomStreams streams, Device device, WeightPrecision precision = WeightPrecision.Float32)
    {
        var initializer = new WeightInitializer(config, streams);
        return Create(config, device, trainable: true, precision, initializer.Fill);
    }

    /// <summary>Reads weights; F16 and BF16 become float32. Beside the tensors themselves it takes a few megabytes.</summary>
    /// <param name="config">The shape the files must have.</param>
    /// <param name="path">A safetensors file, or a model folder with one, or with shards and their index.</param>
    /// <param name="device">Where to put them.</param>
    /// <param name="trainable">Whether they take gradients.</param>
    /// <param name="precision">What they count as.</param>
    /// <exception cref="CheckpointException">
    /// A file is damaged, or a tensor is missing, extra or of another shape: file, tensor, reason.
    /// </exception>
    /// <exception cref="ArgumentException">The configuration has a problem; see <see cref="ModelConfig.FindProblem"/>.</exception>
    public static DecoderWeights Load(ModelConfig config, string path, Device device, bool trainable = true, WeightPrecision precision = WeightPrecision.Float32)
    {
        RequireValid(config);
        using var files = WeightReader.Open(config, path);
        return Create(config, device, trainable, precision, (_, spec, tensor) => files.Fill(spec, tensor));
    }

    /// <summary>A copy with its own memory, for a frozen reference policy.</summary>
    /// <param name="trainable">Whether the copy takes gradients.</param>
    public DecoderWeights Clone(bool trainable) =>
        Create(Config, Device, trainable, Precision, (ordinal, _, tensor) => tensor.copy_(Parameters[ordinal].Tensor));

    /// <summary>Overwrites all values with those of weights of the same configuration, in place.</summary>
    /// <exception cref="ArgumentException">The configurations differ.</exception>
    public void CopyFrom(DecoderWeights source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Config != Config)
        {
            throw new ArgumentException("weights of another configuration", nameof(source));
        }

        using var noGrad = torch.no_grad();
        for (var i = 0; i < Parameters.Count; i++)
        {
            Parameters[i].Tensor.copy_(source.Parameters[i].Tensor);
        }
    }

    /// <summary>
    /// Writes a safetensors file of float32 tensors; the bytes depend on the values alone. Saving what was loaded from such
    /// a file repeats it.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file cannot be written; what was there is untouched.</exception>
    public void Save(string path) => WeightWriter.WriteFile(path, this);

    /// <summary>A vector of the model, or rows of its embedding, as they are computed with.</summary>
    internal Tensor Values(Tensor vector) => IsRounded ? fused.round_bfloat16(vector) : vector;

    /// <summary>Puts an adapter on the weights, which are frozen from then on. Models over them compute with it at once.</summary>
    /// <param name="adapter">The adapter; owned by the weights afterwards.</param>
    /// <exception cref="ArgumentException">It belongs to a model of another configuration.</exception>
    /// <exception cref="InvalidOperationException">There is an adapter already.</exception>
    public void Attach(LoraAdapter adapter)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        if (Adapter is not null)
        {
            throw new InvalidOperationException("the weights have an adapter already");
        }

        if (adapter.Config != Config)
        {
            throw new ArgumentException("an adapter for another configuration", nameof(adapter));
        }

        foreach (var parameter in Parameters)
        {
            parameter.Tensor.requires_grad = false;
        }

        Adapter = adapter;
        Layers = adapter.On(BaseLayers);
    }

    /// <summary>Adds the adapter's update to the weights for good, W + s·B A, and frees the adapter. Models and runners made before must not be used again.</summary>
    /// <exception cref="InvalidOperationException">There is no adapter.</exception>
    public void MergeAdapter()
    {
        var adapter = Adapter ?? throw new InvalidOperationException("there is no adapter to merge");
        using var noGrad = torch.no_grad();
        foreach (var projection in Layers.SelectMany(layer => layer.Projections).Where(projection => projection.Adapter is not null))
        {
            using var scope = new TensorScope();
            projection.Weight.copy_(projection.Adapter!.Merged(projection.Weight));
        }

        (Adapter, Layers) = (null, BaseLayers);
        adapter.Dispose();
    }

    /// <summary>Frees the parameters, and the adapter's.</summary>
    public void Dispose()
    {
        Adapter?.Dispose();
        _owner.Dispose();
    }

    /// <summary>Makes every parameter and has it filled; frees what exists when one fails.</summary>
    private static DecoderWeights Create(
        ModelConfig config, Device device, bool trainable, WeightPrecision precision, Action<int, ParameterSpec, Tensor> fill)
    {
        RequireValid(config);
        var layout = ParameterLayout.Of(config);
        var parameters = new List<NamedParameter>(layout.Count);
        var kept = precision == WeightPrecision.Bfloat16 && !trainable ? ScalarType.BFloat16 : ScalarType.Float32;
        var owner = new TensorOwner();
        try
        {
            using var scope = new TensorScope();
            using var noGrad = torch.no_grad();
            foreach (var spec in layout)
            {
                var tensor = owner.Take(torch.empty(spec.Shape, kept, device));
                fill(parameters.Count, spec, tensor);
                tensor.requires_grad = trainable;
                parameters.Add(new NamedParameter(spec.Name, tensor, spec.IsMatrix));
            }

            return new DecoderWeights(config, device, precision, owner, parameters);
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    private static void RequireValid(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.FindProblem() is var (key, reason))
        {
            throw new ArgumentException($"{key}: {reason}", nameof(config));
        }
    }
}
