using RolloutLab.Core;
using RolloutLab.Torch;

namespace RolloutLab.Models;

/// <summary>
/// A low-rank adapter of one model: A and B of every adapted map, all float32, and their only owner. Given to
/// <see cref="DecoderWeights.Attach"/>, it alone is trained, and the weights under it stay as they are.
/// </summary>
public sealed class LoraAdapter : IDisposable
{
    /// <summary>What PEFT puts before the name of a map.</summary>
    internal const string NamePrefix = "base_model.model.";

    private readonly TensorOwner _owner;
    private readonly RandomStreams _streams;
    private readonly Dictionary<string, LowRankUpdate> _updates;

    private LoraAdapter(ModelConfig config, LoraOptions options, RandomStreams streams, TensorOwner owner, List<LowRankPart> parts)
    {
        (Config, Options, _streams, _owner) = (config, options, streams, owner);
        _updates = parts.GroupBy(part => part.Module.Matrix).ToDictionary(
            group => group.Key, group => new LowRankUpdate([.. group], options.Scaling), StringComparer.Ordinal);
        Parameters = [.. parts.SelectMany(part => new[]
        {
            new NamedParameter(NameOfA(part.Module), part.A, Decay: true), new NamedParameter(NameOfB(part.Module), part.B, Decay: true),
        })];
    }

    /// <summary>The shape of the model it belongs to.</summary>
    public ModelConfig Config { get; }

    /// <summary>Rank, scaling, dropout and targets.</summary>
    public LoraOptions Options { get; }

    /// <summary>A and B of every map, from the first layer to the last, under PEFT's names.</summary>
    public IReadOnlyList<NamedParameter> Parameters { get; }

    /// <summary>Number of trained weights.</summary>
    public long ParameterCount => Parameters.Sum(parameter => parameter.Tensor.numel());

    /// <summary>
    /// A new adapter that changes nothing yet: A uniform in ±1/√K as in PEFT (He et al. 2015 with a = √5), B zero. A function of
    /// configuration, options and seed alone.
    /// </summary>
    /// <param name="config">The shape of the model.</param>
    /// <param name="options">What is adapted, and how.</param>
    /// <param name="streams">The run's random streams; dropout draws from them too.</param>
    /// <param name="device">Where to put it.</param>
    /// <exception cref="CheckpointException">A target names no map of the model.</exception>
    public static LoraAdapter Initialize(ModelConfig config, LoraOptions options, RandomStreams streams, Device device) =>
        Create(config, options, streams, device, (module, a, b) =>
        {
            var stream = streams.Stream(StreamPurpose.AdapterInitialization, prompt: module.Ordinal);
            var bound = 1 / Math.Sqrt(module.Columns);
            var values = new float[a.numel()];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (float)(bound * ((2 * stream.Uniform(i)) - 1));
            }

            a.CopyFrom<float>(values);
            b.fill_(0);
        });

    /// <summary>Frees A and B.</summary>
    public void Dispose() => _owner.Dispose();

    /// <summary>Makes A and B of every map and has them filled; frees what exists when one fails.</summary>
    internal static LoraAdapter Create(
        ModelConfig config, LoraOptions options, RandomStreams streams, Device device, Action<LoraModule, Tensor, Tensor> fill)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        var unknown = options.Targets.Count == 0 ? "" : LoraLayout.FindUnknown(config, options.Targets);
        if (unknown is not null)
        {
            throw new CheckpointException($"the model has no linear map '{Excerpt.Of(unknown)}' that can be adapted; valid targets: {string.Join(", ", LoraOptions.AllTargets)}");
        }

        var owner = new TensorOwner();
        try
        {
            using var scope = new TensorScope();
            using var noGrad = torch.no_grad();
            var parts = new List<LowRankPart>();
            foreach (var module in LoraLayout.Of(config, options.Targets))
            {
                var a = owner.Take(torch.empty([options.Rank, module.Columns], ScalarType.Float32, device));
                var b = owner.Take(torch.empty([module.Rows, options.Rank], ScalarType.Float32, device));
                fill(module, a, b);
                a.requires_grad = true;
                b.requires_grad = true;
                parts.Add(new LowRankPart(module, a, b));
            }

            return new LoraAdapter(config, options, streams, owner, parts);
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    internal static string NameOfA(LoraModule module) => $"{NamePrefix}{module.Name}.lora_A.weight";

    internal static string NameOfB(LoraModule module) => $"{NamePrefix}{module.Name}.lora_B.weight";

    /// <summary>The layers with what the adapter adds to them.</summary>
    internal IReadOnlyList<LayerWeights> On(IReadOnlyList<LayerWeights> layers) =>
        [.. layers.Select((layer, i) => layer.Adapted((name, projection) => projection with { Adapter = _updates.GetValueOrDefault($"model.layers.{i}.{name}") }))];

    /// <summary>The layers as one training pass computes them, with its dropout.</summary>
    internal IReadOnlyList<LayerWeights> Dropped(IReadOnlyList<LayerWeights> layers, DropoutPlace place)
    {
        if (Options.Dropout == 0)
        {
            return layers;
        }

        var onTokens = new AdapterDropout(_streams, Options.Dropout, place, place.FirstToken);
        var onTerms = onTokens with { FirstRow = place.FirstTerm };
        return [.. layers.Select((layer, i) => layer.Adapted((name, projection) => projection with
        {
            // After the last attention only the tokens before loss terms are computed.
            Adapter = projection.Adapter is null ? null : projection.Adapter with
            {
                Dropout = i == layers.Count - 1 && name != LayerWeights.QkvName ? onTerms : onTokens,
            },
        }))];
    }
}
