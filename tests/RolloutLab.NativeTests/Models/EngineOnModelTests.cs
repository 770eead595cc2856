using RolloutLab.Core;
using RolloutLab.Engine;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Models;

/// <summary>The whole engine on a real model: what it says of its tokens against the dense double-precision reference.</summary>
public class EngineOnModelTests
{
    private const int Vocabulary = 29;
    private const float Temperature = 0.9f;
    private static readonly int[] PromptLengths = [5, 9, 13, 8];

    /// <summary>
    /// Prompts are forked into four rollouts, the partial block of the prompt is copied before the first write, and with
    /// 9 blocks of 8 tokens rollouts lose their blocks and are computed again.
    /// </summary>
    [Theory]
    [InlineData(ModelFamily.Llama)]
    [InlineData(ModelFamily.Qwen3)]
    public void Preempted_rollouts_are_those_of_ample_memory_with_the_dense_log_probs(ModelFamily family)
    {
        using var weights = TestModels.Weights(TestModels.Config(family, tied: false, bias: false));
        using var model = new DecoderModel(weights);

        var ample = Generate(model, blocks: 64, maxRunning: 16);
        var tight = Generate(model, blocks: 9, maxRunning: 16);
        var alone = Generate(model, blocks: 9, maxRunning: 1);

        Assert.Equal(0, ample.Statistics.Preemptions);
        Assert.InRange(tight.Statistics.Preemptions, 1, long.MaxValue);
        Assert.Equal(Tokens(ample), Tokens(tight));
        Assert.Equal(Tokens(ample), Tokens(alone));
        var dense = new DenseDecoder(weights);
        foreach (var result in (RolloutResult[])[ample, tight, alone])
        {
            AssertDense(dense, result);
        }
    }

    [Fact]
    public void A_source_draws_from_the_weights_of_its_call()
    {
        var config = TestModels.Config(ModelFamily.Llama, tied: false, bias: false);
        using var weights = TestModels.Weights(config);
        using var model = new DecoderModel(weights);
        using var runner = new PagedModelRunner(model, new KvCacheSize(BlockSize: 8, BlockCount: 64));
        var source = Source(runner, maxRunning: 16, policy: null);

        AssertDense(new DenseDecoder(weights), Generate(source));
        using (var others = DecoderWeights.Initialize(config, new RandomStreams(99), Device.Cpu))
        {
            weights.CopyFrom(others);
        }

        AssertDense(new DenseDecoder(weights), Generate(source));
    }

    /// <summary>
    /// Trees fork inside blocks and are pruned; with 10 blocks of 8 tokens their rows lose their blocks and are computed
    /// again, alone or from what is left of their parents.
    /// </summary>
    [Theory]
    [InlineData("{ type: latr, min_probability: 0.03, max_gap: 0.5, lookahead: [4, 9], pruning: { edit_distance: 0.6 } }")]
    [InlineData("{ type: segment_tree, segment: 7 }")]
    [InlineData("{ type: entropy_tree }")]
    [InlineData("{ type: diverse_beam, groups: 2 }")]
    public void Trees_that_run_out_of_blocks_are_those_of_ample_memory_with_the_dense_log_probs(string strategy)
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Llama, tied: false, bias: false));
        using var model = new DecoderModel(weights);

        var ample = Generate(model, blocks: 256, maxRunning: 64, Policy(strategy));
        var tight = Generate(model, blocks: 10, maxRunning: 64, Policy(strategy));

        Assert.Equal(0, ample.Statistics.Preemptions);
        Assert.InRange(tight.Statistics.Preemptions, 1, long.MaxValue);
        Assert.Equal(Trees(ample), Trees(tight));
        Assert.Contains(ample.Groups.SelectMany(g => g.Rollouts), r => r.SharedLength > 0);
        var dense = new DenseDecoder(weights);
        AssertDense(dense, ample);
        AssertDense(dense, tight);
    }

    private static IBranchPolicy Policy(string strategy)
    {
        var yaml = $"model: {{ path: m }}\nrollout: {{ max_new_tokens: 30, strategy: {strategy} }}\n";
        return RecipeLoader.Parse(yaml, "test.yaml", "/", []).Strategy switch
        {
            LatrStrategySection latr => new LatrPolicy(latr, new HashSet<int>()),
            SegmentTreeStrategySection segment => new SegmentTreePolicy(segment),
            EntropyTreeStrategySection entropy => new EntropyTreePolicy(entropy),
            DiverseBeamStrategySection beam => new DiverseBeamPolicy(beam),
            _ => throw new ArgumentOutOfRangeException(nameof(strategy)),
        };
    }

    private static RolloutResult Generate(DecoderModel model, int blocks, int maxRunning, IBranchPolicy? policy = null)
    {
        using var runner = new PagedModelRunner(model, new KvCacheSize(BlockSize: 8, blocks));
        return Generate(Source(runner, maxRunning, policy));
    }

    private static EngineRolloutSource Source(PagedModelRunner runner, int maxRunning, IBranchPolicy? policy)
    {
        var options = new EngineOptions { MaxRunningSequences = maxRunning, MaxTokensPerStep = 32 };
        return new EngineRolloutSource(runner, new Ids(), options, new RandomStreams(3), () => 0, policy);
    }

    private static RolloutResult Generate(EngineRolloutSource source)
    {
        var budgets = PromptLengths.Select((length, i) =>
            new PromptBudget(new Prompt(i, $"p{i}", "", TestModels.Tokens(length, Vocabulary, 50 + i), ""), 0, 4)).ToList();
        var sampling = new SamplingParameters { Temperature = Temperature, MaxNewTokens = 30 };
        return source.Generate(new RolloutRequest(1, RolloutPurpose.Training, budgets, sampling), null, CancellationToken.None);
    }

    private static IEnumerable<string> Tokens(RolloutResult result) =>
        result.Groups.SelectMany(g => g.Rollouts).Select(r => string.Join(' ', r.TokenIds));

    private static IEnumerable<string> Trees(RolloutResult result) => Tokens(result).Concat(result.Groups.SelectMany(g =>
        g.Tree.Branches.Select(b => $"{b.Parent} {b.ForkPosition} {b.Kind} {b.Length} {b.RemovedFor} {b.Rollout}")));

    private static void AssertDense(DenseDecoder dense, RolloutResult result)
    {
        foreach (var group in result.Groups)
        {
            foreach (var rollout in group.Rollouts)
            {
                int[] path = [.. group.Prompt.TokenIds, .. rollout.TokenIds];
                var rows = dense.LogProbs(path, Temperature);
                for (var t = 0; t < rollout.Length; t++)
                {
                    Assert.Equal(rows[group.Prompt.TokenIds.Length + t - 1][rollout.TokenIds[t]], rollout.LogProbs[t], 1e-4);
                }
            }
        }
    }

    /// <summary>Token ids without text; id 0 ends a response.</summary>
    private sealed class Ids : ITokenizer
    {
        public int VocabularySize => Vocabulary;

        public int EndOfTextId => 0;

        public int[] Encode(string text) => throw new NotSupportedException();

        public string Decode(ReadOnlySpan<int> tokenIds) => "";
    }
}
