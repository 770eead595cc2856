using RolloutLab.Core;
using RolloutLab.Engine;

namespace RolloutLab.UnitTests.Engine;

/// <summary>Sampled rollouts of a Markov chain have its distribution, under batching and preemption.</summary>
public sealed class EngineDistributionTests
{
    // Token 0 ends a response; rows are the distribution after tokens 0 (unused), 1, 2 and 3.
    private static readonly double[][] Transitions =
    [
        [0.25, 0.25, 0.25, 0.25],
        [0.10, 0.20, 0.30, 0.40],
        [0.05, 0.65, 0.10, 0.20],
        [0.30, 0.05, 0.05, 0.60],
    ];

    [Fact]
    public void Transitions_pass_a_chi_square_test()
    {
        var source = new EngineRolloutSource(
            new MarkovRunner(), new LetterTokenizer(4), new EngineOptions { MaxRunningSequences = 64 }, new RandomStreams(2024), () => 0);
        var prompts = Enumerable.Range(0, 20).Select(i => new Prompt(i, $"m{i}", "A", [1], ""));
        var request = new RolloutRequest(
            0,
            RolloutPurpose.Training,
            [.. prompts.Select(p => new PromptBudget(p, 0, 300))],
            new SamplingParameters { MaxNewTokens = 40 });

        var result = source.Generate(request, null, default);

        Assert.True(result.Statistics.Preemptions > 0);
        var counts = Count(result);
        var statistic = 0.0;
        for (var from = 1; from < 4; from++)
        {
            var total = counts[from].Sum();
            Assert.True(total > 1000);
            for (var to = 0; to < 4; to++)
            {
                var expected = total * Transitions[from][to];
                statistic += Math.Pow(counts[from][to] - expected, 2) / expected;
            }
        }

        // 9 degrees of freedom: 27.88 is exceeded with probability 0.001; below 1.15 only with 0.001 (too even to be random).
        Assert.InRange(statistic, 1.15, 27.88);
    }

    private static int[][] Count(RolloutResult result)
    {
        int[][] counts = [new int[4], new int[4], new int[4], new int[4]];
        foreach (var rollout in result.Groups.SelectMany(group => group.Rollouts))
        {
            var previous = 1;
            foreach (var token in rollout.TokenIds)
            {
                counts[previous][token]++;
                previous = token;
            }
        }

        return counts;
    }

    private sealed class MarkovRunner : IModelRunner
    {
        public int VocabularySize => 4;

        public int MaxPositions => 64;

        public int BlockSize => 4;

        public int BlockCount => 24;

        public void CopyBlocks(ReadOnlySpan<BlockCopy> copies)
        {
        }

        public void Execute(ModelStep step, Span<SampledToken> sampled)
        {
            for (var row = 0; row < sampled.Length; row++)
            {
                var weights = Transitions[step.TokenIds[step.SampleRows[row]]];
                var left = step.Uniforms[row];
                var token = 0;
                while (token < 3 && left >= weights[token])
                {
                    left -= weights[token++];
                }

                sampled[row] = new SampledToken(token, (float)Math.Log(weights[token]));
            }
        }
    }
}
