using RolloutLab.Core;
using RolloutLab.Engine;
using RolloutLab.Recipes;

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

    /// <summary>
    /// Whole responses against their exact probabilities, 100,000 draws each: plain samples, and in segment trees the
    /// first row and a fork that continues it, with batches, memories and orders of prompts that all differ.
    /// </summary>
    [Theory]
    [InlineData("stochastic", 0)]
    [InlineData("segment", 0)]
    [InlineData("segment", 1)]
    public void Responses_have_the_models_distribution(string policy, int leaf)
    {
        var counts = new Dictionary<string, int>();
        var random = new Random(9);
        var (drawn, preemptions, copies) = (0, 0L, 0);
        for (var step = 1; drawn < 100_000; step++)
        {
            var blockSize = random.Next(1, 4);
            var runner = new TableRunner(c => Transitions[c[^1]], 4, ((5 + blockSize) / blockSize) + random.Next(1, 60), blockSize);
            IBranchPolicy strategy = policy == "stochastic" ? new StochasticSampling()
                : new SegmentTreePolicy((SegmentTreeStrategySection)TreeModels.Section("{ type: segment_tree, segment: 2 }"));
            var source = TreeModels.Source(runner, strategy, random.Next(2, 40), random.Next(1, 60));
            PromptBudget[] budgets = [.. Enumerable.Range(0, 200).Select(i => new PromptBudget(new Prompt(i, $"m{i}", "", [1], ""), 0, 5))];
            random.Shuffle(budgets);
            var request = new RolloutRequest(step, RolloutPurpose.Training, budgets, new SamplingParameters { MaxNewTokens = 4 });
            var result = source.Generate(request, null, default);
            foreach (var rollout in result.Groups.SelectMany(g => policy == "stochastic" ? g.Rollouts : [Leaf(g, leaf)]))
            {
                var key = string.Join(' ', rollout.TokenIds);
                counts[key] = counts.GetValueOrDefault(key) + 1;
                drawn++;
            }

            (preemptions, copies) = (preemptions + result.Statistics.Preemptions, copies + runner.Copies);
        }

        Assert.True(preemptions > 200 && copies > 1000, $"{preemptions} preemptions, {copies} copies");
        var expected = Responses([], 1, 1).ToDictionary(r => string.Join(' ', r.Tokens), r => r.Probability);
        Assert.Equal(1, expected.Values.Sum(), 1e-12);
        var statistic = expected.Sum(e => Math.Pow(counts.GetValueOrDefault(e.Key) - (drawn * e.Value), 2) / (drawn * e.Value));
        Assert.Equal(drawn, expected.Keys.Sum(key => counts.GetValueOrDefault(key)));

        // Wilson-Hilferty: both tails of 0.0005 of the chi-square distribution.
        var degrees = expected.Count - 1.0;
        double Quantile(double z) => degrees * Math.Pow(1 - (2 / (9 * degrees)) + (z * Math.Sqrt(2 / (9 * degrees))), 3);
        Assert.InRange(statistic, Quantile(-3.29), Quantile(3.29));
    }

    /// <summary>The first row, or the fork of it at the first segment's end; the row itself where it ended before.</summary>
    private static Rollout Leaf(RolloutGroup group, int leaf)
    {
        var branches = group.Tree.Branches;
        var fork = leaf == 0 ? -1 : Enumerable.Range(0, branches.Count).FirstOrDefault(
            i => branches[i] is { Parent: 0, ForkPosition: 2, Kind: BranchKind.Sampled }, -1);
        var rollout = branches.Count == 0 ? 0 : branches[Math.Max(0, fork)].Rollout;
        return group.Rollouts[rollout];
    }

    private static IEnumerable<(int[] Tokens, double Probability)> Responses(int[] tokens, int last, double probability)
    {
        if (tokens.Length == 4 || (tokens.Length > 0 && last == 0))
        {
            return [(tokens, probability)];
        }

        return Enumerable.Range(0, 4).SelectMany(next => Responses([.. tokens, next], next, probability * Transitions[last][next]));
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
