using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Torch;
using RolloutLab.Training;

namespace RolloutLab.NativeTests.Models;

public class DecoderModelTests
{
    private static readonly int[] Lengths = [7, 1, 12, 3];

    [Theory]
    [MemberData(nameof(TestModels.Variants), MemberType = typeof(TestModels))]
    public void Hidden_states_are_those_of_the_published_equations(ModelFamily family, bool tied, bool bias)
    {
        using var weights = TestModels.Weights(TestModels.Config(family, tied, bias));
        using var model = new DecoderModel(weights);
        var dense = new DenseDecoder(weights);
        var sequences = Sequences();
        var batch = TestModels.Pack(sequences);

        using var scope = new TensorScope();
        var hidden = model.Hidden(batch.InputIds, batch.PositionIds, batch.CuSeqLens);
        Assert.Equal([batch.TokenCount, 12], hidden.shape.ToArray());
        AssertClose([.. sequences.SelectMany(sequence => dense.Hidden(sequence)).SelectMany(row => row)], hidden.ToArray<float>(), 1e-4);
    }

    [Theory]
    [MemberData(nameof(TestModels.Variants), MemberType = typeof(TestModels))]
    public void Scores_are_those_of_the_published_equations(ModelFamily family, bool tied, bool bias)
    {
        using var weights = TestModels.Weights(TestModels.Config(family, tied, bias));
        using var model = new DecoderModel(weights);
        var dense = new DenseDecoder(weights);
        var sequences = Sequences();

        using var scope = new TensorScope();
        var scores = model.Score(TestModels.Pack(sequences), temperature: 0.7);
        var (logProbs, entropies) = (new List<double>(), new List<double>());
        foreach (var sequence in sequences)
        {
            var rows = dense.LogProbs(sequence, 0.7);
            for (var i = 1; i < sequence.Length; i++)
            {
                logProbs.Add(rows[i - 1][sequence[i]]);
                entropies.Add(-rows[i - 1].Sum(logProb => Math.Exp(logProb) * logProb));
            }
        }

        AssertClose(logProbs, scores.LogProbs.ToArray<float>(), 1e-4);
        AssertClose(entropies, scores.Entropy.ToArray<float>(), 1e-4);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.7)]
    public void Squared_probabilities_are_summed_over_the_vocabulary(double temperature)
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Qwen3, tied: false, bias: true));
        using var model = new DecoderModel(weights);
        var dense = new DenseDecoder(weights);
        var sequences = Sequences();

        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        var (logProbs, squares) = model.ScoreSquares(TestModels.Pack(sequences), temperature);

        var expected = sequences.SelectMany(s => dense.LogProbs(s, temperature)[..^1].Select(row => row.Sum(l => Math.Exp(2 * l)))).ToList();
        AssertClose(expected, squares.ToArray<float>(), 1e-5);
        Assert.Equal(model.Score(TestModels.Pack(sequences), temperature).LogProbs.ToArray<float>(), logProbs.ToArray<float>());
    }

    /// <summary>Unordered, with shared prompts and responses, an equal pair and one without a response; cut into any number of passes.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(12)]
    [InlineData(1000)]
    public void A_scorer_gives_each_sequence_its_own_score_in_their_order(int microBatchTokens)
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Qwen3, tied: false, bias: true));
        using var model = new DecoderModel(weights);
        var dense = new DenseDecoder(weights);
        Continuation[] sequences =
        [
            new([3, 1, 2], [5, 6, 7]), new([1, 2], [9]), new([3, 1, 2], [5, 6]), new([3, 1, 2], []), new([3, 1], [2, 5, 6, 7]), new([3, 1, 2], [5, 6, 7]), new([4], [1, 1]),
        ];

        var scores = new SequenceScorer(model, 0.7, microBatchTokens).Score(sequences, withSquares: true);

        for (var i = 0; i < sequences.Length; i++)
        {
            var (prompt, response) = sequences[i];
            var rows = dense.LogProbs([.. prompt, .. response], 0.7);
            AssertClose([.. response.Select((token, t) => rows[prompt.Length - 1 + t][token])], scores[i].LogProbs, 1e-4);
            AssertClose([.. response.Select((_, t) => rows[prompt.Length - 1 + t].Sum(l => Math.Exp(2 * l)))], scores[i].SquaredProbs, 1e-5);
        }
    }

    [Fact]
    public void Only_tokens_of_the_loss_are_scored_and_their_scores_do_not_change()
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Qwen3, tied: false, bias: true));
        using var model = new DecoderModel(weights);
        var batch = TestModels.Pack(Sequences());
        int[] wanted = [3, 6, 9, 19, 22];

        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        var all = model.Score(batch);
        var some = model.Score(batch with { LossTokens = wanted });
        var byToken = batch.LossTokens.Zip(all.LogProbs.ToArray<float>()).ToDictionary(pair => pair.First, pair => (double)pair.Second);
        AssertClose([.. wanted.Select(t => byToken[t])], some.LogProbs.ToArray<float>(), 1e-5);
    }

    [Fact]
    public void A_packed_sequence_is_what_it_is_alone_in_any_order()
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Qwen2, tied: true, bias: true));
        using var model = new DecoderModel(weights);
        var sequences = Sequences();

        using var scope = new TensorScope();
        using var noGrad = torch.no_grad();
        var alone = sequences.Select(sequence => Hidden(model, sequence)).ToArray();
        AssertClose([.. alone.SelectMany(row => row).Select(x => (double)x)], Hidden(model, sequences), 1e-5);
        Array.Reverse(sequences);
        AssertClose([.. alone.Reverse().SelectMany(row => row).Select(x => (double)x)], Hidden(model, sequences), 1e-5);
    }

    /// <summary>
    /// Central differences of the double-precision reference, not of the code under test: their error is far below the
    /// tolerance, and a forward pass wrong in the same way as its backward pass cannot hide.
    /// </summary>
    [Theory]
    [MemberData(nameof(TestModels.Variants), MemberType = typeof(TestModels))]
    public void Gradients_of_the_whole_model_are_finite_differences(ModelFamily family, bool tied, bool bias)
    {
        using var weights = TestModels.Weights(TestModels.Config(family, tied, bias));
        using var model = new DecoderModel(weights);
        var dense = new DenseDecoder(weights);
        int[][] sequences = [TestModels.Tokens(5, 29, 11), TestModels.Tokens(3, 29, 12)];

        using var scope = new TensorScope();
        var scores = model.Score(TestModels.Pack(sequences), temperature: 1.3);
        var first = torch.tensor<float>([.. Enumerable.Range(0, 6).Select(LogProbWeight)]);
        var second = torch.tensor<float>([.. Enumerable.Range(0, 6).Select(EntropyWeight)]);
        (scores.LogProbs.mul(first) + scores.Entropy.mul(second)).sum().backward();

        var layout = ParameterLayout.Of(weights.Config);
        for (var i = 0; i < layout.Count; i++)
        {
            var gradient = weights.Parameters[i].Tensor.grad()!.ToArray<float>();
            var start = 0L;
            foreach (var part in layout[i].Parts)
            {
                CompareSome(dense, sequences, part.Name, gradient.AsSpan((int)start, (int)layout[i].ElementsOf(part.Rows)));
                start += layout[i].ElementsOf(part.Rows);
            }
        }
    }

    [Fact]
    public void Refuses_batches_that_do_not_fit_together()
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Llama, tied: true, bias: false));
        using var model = new DecoderModel(weights, maxPositions: 8);
        using var scope = new TensorScope();
        var batch = TestModels.Pack([1, 2, 3], [4, 5]);
        Assert.Throws<ArgumentException>(() => { model.Score(batch with { LossTokens = [] }); });
        Assert.Throws<ArgumentException>(() => { model.Score(batch with { LossTokens = [1, 2, 3, 4] }); });
        Assert.Throws<ArgumentException>(() => { model.Score(batch with { LossTokens = [1, 5] }); });
        Assert.Throws<ArgumentException>(() => { model.Score(batch with { PrefixLengths = [0, 4] }); });
        Assert.Throws<ArgumentException>(() => { model.Score(batch with { PrefixLengths = [1, 0] }); });
        Assert.Throws<ArgumentException>(() => { model.Score(batch with { PrefixLengths = [0] }); });
        Assert.Throws<ArgumentException>(() => { model.Score(batch with { PositionIds = [0, 1] }); });
        Assert.Throws<ArgumentException>(() => { model.Score(batch with { CuSeqLens = [0, 3] }); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { model.Score(batch, temperature: 0); });
        Assert.ThrowsAny<TorchException>(() => { model.Score(batch with { InputIds = [1, 29, 3, 4, 5] }); });
        Assert.ThrowsAny<TorchException>(() => { model.Score(batch with { PositionIds = [0, 1, 8, 0, 1] }); });
        Assert.Throws<ArgumentOutOfRangeException>(() => new DecoderModel(weights, maxPositions: 65));
    }

    private static int[][] Sequences() => [.. Lengths.Select((length, i) => TestModels.Tokens(length, 29, i))];

    private static float[] Hidden(DecoderModel model, params int[][] sequences)
    {
        using var scope = new TensorScope();
        var batch = TestModels.Pack(sequences);
        return model.Hidden(batch.InputIds, batch.PositionIds, batch.CuSeqLens).ToArray<float>();
    }

    private static void CompareSome(DenseDecoder dense, int[][] sequences, string name, ReadOnlySpan<float> gradient)
    {
        const double Step = 1e-5;
        var values = dense.Weights[name];
        Assert.Equal(values.Length, gradient.Length);
        // Every element of a vector, and a stride through a matrix that meets all its rows and columns in turn.
        for (var i = 0; i < values.Length; i += values.Length > 64 ? 37 : 1)
        {
            var value = values[i];
            values[i] = value + Step;
            var above = Loss(dense, sequences);
            values[i] = value - Step;
            var below = Loss(dense, sequences);
            values[i] = value;
            var expected = (above - below) / (2 * Step);
            var tolerance = 2e-4 + (1e-3 * Math.Abs(expected));
            Assert.True(Math.Abs(expected - gradient[i]) <= tolerance, $"{name}[{i}]: {gradient[i]}, expected {expected}");
        }
    }

    private static double Loss(DenseDecoder dense, int[][] sequences)
    {
        var (loss, next) = (0.0, 0);
        foreach (var sequence in sequences)
        {
            var rows = dense.LogProbs(sequence, 1.3);
            for (var i = 1; i < sequence.Length; i++, next++)
            {
                var entropy = -rows[i - 1].Sum(logProb => Math.Exp(logProb) * logProb);
                loss += (LogProbWeight(next) * rows[i - 1][sequence[i]]) + (EntropyWeight(next) * entropy);
            }
        }

        return loss;
    }

    private static float LogProbWeight(int i) => 1f - (0.4f * i);

    private static float EntropyWeight(int i) => -0.3f + (0.25f * i);

    private static void AssertClose(List<double> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        Assert.Equal(expected.Count, actual.Length);
        for (var i = 0; i < actual.Length; i++)
        {
            var allowed = tolerance * Math.Max(1, Math.Abs(expected[i]));
            Assert.True(Math.Abs(expected[i] - actual[i]) <= allowed, $"[{i}]: {actual[i]}, expected {expected[i]}");
        }
    }
}
