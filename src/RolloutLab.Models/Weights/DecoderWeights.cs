using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// The parameters of a decoder and their only owner. In memory the query, key and value projections are one matrix, and
/// so are gate and up; on disk they are apart under Hugging Face's names. All float32, on one device.
/// </summary>
public sealed class DecoderWeights : IDisposable
{
    private readonly TensorOwner _owner;

    private DecoderWeights(ModelConfig config, Device device, TensorOwner owner, IReadOnlyList<NamedParameter> parameters)
    {
        (Config, Device, _owner, Parameters) = (config, device, owner, parameters);
        var byName = parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Tensor, StringComparer.Ordinal);
        Embedding = byName["model.embed_tokens.weight"];
        FinalNorm = byName["model.norm.weight"];
        Head = config.TieWordEmbeddings ? Embedding : byName["lm_head.weight"];
        Layers = [.. Enumerable.Range(0, config.Layers).Select(layer => LayerWeights.Of(byName, layer))];
    }

    /// <summary>The shape of the model.</summary>
    public ModelConfig Config { get; }

    /// <summary>Where the parameters live.</summary>
    public Device Device { get; }

    /// <summary>The parameters in the one order of <see cref="ParameterLayout"/>; a tied head appears once, as the embedding.</summary>
    public IReadOnlyList<NamedParameter> Parameters { get; }

    /// <summary>Number of weights.</summary>
    public long ParameterCount => ParameterLayout.Of(Config).Sum(spec => spec.ElementCount);

    /// <summary>Token embedding, <c>[V, D]</c>.</summary>
    internal Tensor Embedding { get; }

    /// <summary>Norm before the head, <c>[D]</c>.</summary>
    internal Tensor FinalNorm { get; }

    /// <summary>Output head, <c>[V, D]</c>; the embedding itself when tied.</summary>
    internal Tensor Head { get; }

    /// <summary>The layers from first to last.</summary>
    internal IReadOnlyList<LayerWeights> Layers { get; }

    /// <summary>
    /// New weights: matrices normal with standard deviation 0.02, those that add to the residual stream scaled by
    /// 1/√(2·layers) (Radford et al. 2019), norms 1, biases 0. A function of the configuration and the seed alone.
    /// </summary>
    /// <param name="config">The shape.</param>
    /// <param name="streams">The run's random streams.</param>
    /// <param name="device">Where to put them.</param>
    /// <exception cref="ArgumentException">The configuration has a problem; see <see cref="ModelConfig.FindProblem"/>.</exception>
    public static DecoderWeights Initialize(ModelConfig config, RandomStreams streams, Device device)
    {
        var initializer = new WeightInitializer(config, streams);
        return Create(config, device, trainable: true, initializer.Fill);
    }

    /// <summary>Reads weights; F16 and BF16 become float32. Beside the tensors themselves it takes a few megabytes.</summary>
    /// <param name="config">The shape the files must have.</param>
    /// <param name="path">A safetensors file, or a model folder with one, or with shards and their index.</param>
    /// <param name="device">Where to put them.</param>
    /// <param name="trainable">Whether they take gradients.</param>
    /// <exception cref="CheckpointException">
    /// A file is damaged, or a tensor is missing, extra or of another shape: file, tensor, reason.
    /// </exception>
    /// <exception cref="ArgumentException">The configuration has a problem; see <see cref="ModelConfig.FindProblem"/>.</exception>
    public static DecoderWeights Load(ModelConfig config, string path, Device device, bool trainable = true)
    {
        RequireValid(config);
        using var files = WeightReader.Open(config, path);
        return Create(config, device, trainable, (_, spec, tensor) => files.Fill(spec, tensor));
    }

    /// <summary>A copy with its own memory, for a frozen reference policy.</summary>
    /// <param name="trainable">Whether the copy takes gradients.</param>
    public DecoderWeights Clone(bool trainable) =>
        Create(Config, Device, trainable, (ordinal, _, tensor) => tensor.copy_(Parameters[ordinal].Tensor));

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

    /// <summary>Frees the parameters.</summary>
    public void Dispose() => _owner.Dispose();

    /// <summary>Makes every parameter and has it filled; frees what exists when one fails.</summary>
    private static DecoderWeights Create(ModelConfig config, Device device, bool trainable, Action<int, ParameterSpec, Tensor> fill)
    {
        RequireValid(config);
        var layout = ParameterLayout.Of(config);
        var parameters = new List<NamedParameter>(layout.Count);
        var owner = new TensorOwner();
        try
        {
            using var scope = new TensorScope();
            using var noGrad = torch.no_grad();
            foreach (var spec in layout)
            {
                var tensor = owner.Take(torch.empty(spec.Shape, ScalarType.Float32, device));
                fill(parameters.Count, spec, tensor);
                tensor.requires_grad = trainable;
                parameters.Add(new NamedParameter(spec.Name, tensor, spec.IsMatrix));
            }

            return new DecoderWeights(config, device, owner, parameters);
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
