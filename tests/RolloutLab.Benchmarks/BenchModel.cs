using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>A model with random weights and what one of its tokens costs.</summary>
internal sealed class BenchModel : IDisposable
{
    private BenchModel(string name, ModelConfig config, int promptLength, int responseLength)
    {
        (Name, PromptLength, ResponseLength) = (name, promptLength, responseLength);
        Weights = DecoderWeights.Initialize(config, new RandomStreams(1), Device.Cpu);
        Model = new DecoderModel(Weights);
    }

    public string Name { get; }

    /// <summary>Tokens of a benchmark prompt.</summary>
    public int PromptLength { get; }

    /// <summary>Tokens of a benchmark response.</summary>
    public int ResponseLength { get; }

    public DecoderWeights Weights { get; }

    public DecoderModel Model { get; }

    /// <summary>The model of the quickstart recipe on sequences of Countdown's lengths.</summary>
    public static BenchModel Quickstart() => new("quickstart", Config(22, 128, 4, 4, 344, 192), promptLength: 10, responseLength: 40);

    /// <summary>A 25M-parameter byte-level model on sequences of 256 tokens.</summary>
    public static BenchModel TwentyFiveMillion() => new("25M", Config(260, 512, 8, 8, 1408, 512), promptLength: 64, responseLength: 192);

    /// <summary>
    /// The same with 96 symbols, one of which ends a response: with random weights lengths are geometric with mean 96, a
    /// spread like that of reasoning lengths.
    /// </summary>
    public static BenchModel TwentyFiveMillionReasoning() => new("25M", Config(96, 512, 8, 8, 1408, 512), promptLength: 64, responseLength: 96);

    /// <summary>The same for contexts of up to 4,608 tokens.</summary>
    public static BenchModel TwentyFiveMillionLong() => new("25M", Config(96, 512, 8, 8, 1408, 4608), promptLength: 64, responseLength: 96);

    /// <summary>Operations of one token's forward pass at a context length: two for each weight of a matrix, and attention's two products.</summary>
    public double ForwardOperations(double context)
    {
        var c = Model.Config;
        var layer = (double)c.HiddenSize * (c.QueryWidth + (2 * c.KeyValueWidth))
            + ((double)c.QueryWidth * c.HiddenSize)
            + (3.0 * c.HiddenSize * c.IntermediateSize);
        var weights = (c.Layers * layer) + ((double)c.HiddenSize * c.VocabularySize);
        return (2 * weights) + (4 * context * c.QueryWidth * c.Layers);
    }

    /// <summary>A random prompt.</summary>
    /// <param name="index">Its place in the set, from which its tokens come.</param>
    /// <param name="length">Tokens; null for <see cref="PromptLength"/>.</param>
    public Prompt Prompt(int index, int? length = null)
    {
        var stream = new RandomStreams(2).Stream(StreamPurpose.DatasetGeneration, prompt: index);
        var ids = Enumerable.Range(0, length ?? PromptLength).Select(i => stream.Below(i, Model.Config.VocabularySize)).ToArray();
        return new Prompt(index, $"bench-{index}", "", ids, "");
    }

    public void Dispose()
    {
        Model.Dispose();
        Weights.Dispose();
    }

    private static ModelConfig Config(int vocabulary, int hidden, int layers, int heads, int intermediate, int positions) => new()
    {
        VocabularySize = vocabulary,
        HiddenSize = hidden,
        Layers = layers,
        Heads = heads,
        KeyValueHeads = heads,
        HeadDim = hidden / heads,
        IntermediateSize = intermediate,
        MaxPositions = positions,
        TieWordEmbeddings = true,
    };
}
