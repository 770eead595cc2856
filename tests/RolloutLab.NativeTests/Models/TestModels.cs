using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Models;

/// <summary>Tiny models in which no size equals another by chance and no weight is at its neutral value.</summary>
internal static class TestModels
{
    /// <summary>Every family, tied and untied, with every option it has.</summary>
    public static TheoryData<ModelFamily, bool, bool> Variants => new()
    {
        { ModelFamily.Llama, false, false },
        { ModelFamily.Llama, true, true },
        { ModelFamily.Mistral, true, false },
        { ModelFamily.Qwen2, true, true },
        { ModelFamily.Qwen3, true, false },
        { ModelFamily.Qwen3, false, true },
    };

    public static ModelConfig Config(ModelFamily family, bool tied, bool bias) => new()
    {
        Family = family,
        VocabularySize = 29,
        HiddenSize = 12,
        Layers = 2,
        Heads = 4,
        KeyValueHeads = 2,
        HeadDim = 6,
        IntermediateSize = 20,
        MaxPositions = 64,
        RopeTheta = 100,
        NormEpsilon = 1e-5,
        TieWordEmbeddings = tied,
        AttentionBias = bias,
    };

    /// <summary>Weights of about unit influence: norms around 1, all else normal with standard deviation 0.4.</summary>
    public static DecoderWeights Weights(ModelConfig config, ulong seed = 1)
    {
        var weights = DecoderWeights.Initialize(config, new RandomStreams(seed), Device.Cpu);
        for (var i = 0; i < weights.Parameters.Count; i++)
        {
            var parameter = weights.Parameters[i];
            var stream = new RandomStreams(seed).Stream(StreamPurpose.DatasetGeneration, prompt: i);
            var center = parameter.Name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1f : 0f;
            var values = new float[parameter.Tensor.numel()];
            for (var j = 0; j < values.Length; j++)
            {
                values[j] = center + (0.4f * (float)stream.Normal(j));
            }

            parameter.Tensor.CopyFrom<float>(values);
        }

        return weights;
    }

    public static int[] Tokens(int count, int vocabulary, long seed)
    {
        var stream = new RandomStreams(99).Stream(StreamPurpose.DatasetGeneration, step: seed);
        return [.. Enumerable.Range(0, count).Select(i => stream.Below(i, vocabulary))];
    }

    /// <summary>Sequences laid end to end; every token but the first of each enters the loss.</summary>
    public static MicroBatch Pack(params int[][] sequences)
    {
        int[] ids = [.. sequences.SelectMany(s => s)];
        int[] positions = [.. sequences.SelectMany(s => Enumerable.Range(0, s.Length))];
        int[] terms = [.. Enumerable.Range(0, ids.Length).Where(t => positions[t] != 0)];
        var cuSeqLens = new int[sequences.Length + 1];
        for (var i = 0; i < sequences.Length; i++)
        {
            cuSeqLens[i + 1] = cuSeqLens[i] + sequences[i].Length;
        }

        return new MicroBatch
        {
            InputIds = ids,
            PositionIds = positions,
            CuSeqLens = cuSeqLens,
            PrefixLengths = new int[sequences.Length],
            LossTokens = terms,
            CuLossLens = [.. cuSeqLens.Select((end, s) => end - s)],
            Advantages = new float[terms.Length],
            OldLogProbs = new float[terms.Length],
            LossWeights = [.. terms.Select(_ => 1f)],
        };
    }
}
