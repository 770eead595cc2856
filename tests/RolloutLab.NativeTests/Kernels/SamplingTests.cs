using RolloutLab.Core;
using RolloutLab.Torch;
using static RolloutLab.NativeTests.Kernels.KernelComparison;

namespace RolloutLab.NativeTests.Kernels;

/// <summary>Sampling against the filters written out over sorted lists in double.</summary>
public class SamplingTests
{
    [Fact]
    public void Draws_and_log_probs_match_the_filters_written_out()
    {
        using var scope = new TensorScope();
        var state = 17UL;
        for (var trial = 0; trial < 600; trial++)
        {
            var vocabulary = 1 + (int)(Uniform(ref state) * (trial % 3 == 0 ? 700 : 40));
            var row = Numbers((ulong)trial, vocabulary, trial % 2 == 0 ? 2 : 8);
            row = trial % 5 == 0 ? [.. row.Select(logit => MathF.Round(logit))] : row; // many equal logits
            var settings = new Settings(
                0.3f + (float)Uniform(ref state) * 1.5f,
                trial % 4 == 0 ? 0 : 1 + (int)(Uniform(ref state) * vocabulary),
                trial % 3 == 1 ? 1 : 0.05f + 0.9f * (float)Uniform(ref state),
                trial % 5 < 2 ? 0 : (float)Uniform(ref state) * 0.3f,
                Uniform(ref state));
            var (token, logProb) = Draw(row, settings, vocabulary);
            var (expected, probability) = Reference(row, settings);
            Assert.True(expected == token, $"trial {trial}: drew {token}, expected {expected} with {settings} of {vocabulary}");
            Assert.Equal(Math.Log(probability), logProb, 4);
        }
    }

    [Fact]
    public void Frequencies_over_an_even_grid_are_the_probabilities()
    {
        using var scope = new TensorScope();
        float[] row = [0, MathF.Log(2), MathF.Log(5)];
        var counts = new int[3];
        for (var i = 0; i < 8000; i++)
        {
            counts[Draw(row, new Settings(1, 0, 1, 0, (i + 0.5) / 8000), 3).Token]++;
        }

        Assert.Equal([1000, 2000, 5000], counts);
    }

    [Fact]
    public void Hand_computed_filters()
    {
        using var scope = new TensorScope();
        // Probabilities 0.1, 0.2, 0.3, 0.4.
        float[] row = [MathF.Log(1), MathF.Log(2), MathF.Log(3), MathF.Log(4)];
        Assert.Equal((2, Math.Log(3.0 / 7)), Rounded(Draw(row, new Settings(1, 2, 1, 0, 0.1), 4)));
        Assert.Equal((1, Math.Log(2.0 / 9)), Rounded(Draw(row, new Settings(1, 0, 0.75f, 0, 0.2), 4)));
        // After top-k 2 the rest is 3/7 and 4/7: top-p 0.5 keeps the last alone.
        Assert.Equal((3, 0.0), Rounded(Draw(row, new Settings(1, 2, 0.5f, 0, 0.1), 4)));
        Assert.Equal((2, Math.Log(3.0 / 7)), Rounded(Draw(row, new Settings(1, 0, 1, 0.6f, 0.1), 4)));
        Assert.Equal((3, Math.Log(0.4)), Rounded(Draw(row, new Settings(0, 1, 0.1f, 1, 0.1), 4)));

        static (int, double) Rounded((int Token, float LogProb) drawn)
        {
            foreach (var exact in new[] { Math.Log(3.0 / 7), Math.Log(2.0 / 9), 0.0, Math.Log(0.4) })
            {
                if (Math.Abs(exact - drawn.LogProb) < 1e-5)
                {
                    return (drawn.Token, exact);
                }
            }

            return (drawn.Token, drawn.LogProb);
        }
    }

    [Fact]
    public void The_most_probable_tokens_are_those_of_the_sorted_row()
    {
        using var scope = new TensorScope();
        foreach (var vocabulary in new[] { 1, 3, 40, 255, 256, 257, 3000 })
        {
            var row = Numbers((ulong)vocabulary, vocabulary, 4);
            row = [.. row.Select(logit => MathF.Round(logit * 2) / 2)];
            var sorted = Enumerable.Range(0, vocabulary).OrderByDescending(i => row[i]).ThenBy(i => i).ToArray();
            foreach (var temperature in new[] { 0f, 0.5f, 1f })
            {
                int[] ids = new int[10], token = new int[2];
                float[] probabilities = new float[10], logProbs = new float[10];
                fused.sample(
                    torch.tensor(row).reshape(1, vocabulary),
                    new SampleRequest
                    {
                        Rows = [0, 0],
                        Temperature = [1, temperature],
                        TopK = [0, 1],
                        TopP = [1, 0.5f],
                        MinP = [0, 0.9f],
                        Uniform = [0.3, 0.3],
                        Vocabulary = vocabulary,
                    },
                    token,
                    new float[2],
                    new TopTokens { TokenIds = ids, Probabilities = probabilities, LogProbs = logProbs });
                for (var rank = 0; rank < 5; rank++)
                {
                    var id = rank < vocabulary ? sorted[rank] : -1;
                    var scale = temperature == 0 ? 1 : temperature;
                    Assert.Equal(id, ids[5 + rank]);
                    Assert.Equal(id < 0 ? 0 : Share(row, id, 1), probabilities[5 + rank], 1e-6);
                    Assert.Equal(id < 0 ? double.NegativeInfinity : Math.Log(Share(row, id, scale)), logProbs[5 + rank], 1e-5);
                    Assert.Equal(id, ids[rank]);
                }
            }
        }

        static double Share(float[] row, int id, double temperature) =>
            Math.Exp(row[id] / temperature) / row.Sum(logit => Math.Exp(logit / temperature));
    }

    [Fact]
    public void Equal_logits_rank_by_lower_id()
    {
        using var scope = new TensorScope();
        float[] row = [1, 3, 3, 3, 0];
        Assert.Equal(1, Draw(row, new Settings(0, 0, 1, 0, 0.9), 5).Token);
        Assert.Equal(2, Draw(row, new Settings(1, 2, 1, 0, 0.99), 5).Token);
        Assert.Equal(1, Draw(row, new Settings(1, 0, 0.01f, 0, 0.99), 5).Token);
    }

    [Fact]
    public void The_last_uniform_draws_the_last_token_that_has_weight()
    {
        using var scope = new TensorScope();
        var row = Numbers(3, 1000, 4);
        row[999] = -1e4f;
        var token = Draw(row, new Settings(1, 0, 1, 0, Math.BitDecrement(1.0)), 1000).Token;
        Assert.Equal(998, token);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_logit_that_is_not_finite_names_its_row(float broken)
    {
        using var scope = new TensorScope();
        var logits = Random(1, 4, 37);
        logits.narrow(0, 2, 1).narrow(1, 35, 1).fill_(broken);
        var error = Assert.Throws<NonFiniteException>(() => Sample(logits, [0, 1, 2, 3], 37));
        Assert.Contains("row 2 of the logits", error.Message);
        Sample(logits, [0, 1, 2, 3], 35);
        Sample(logits, [0, 1, 3], 37);

        static void Sample(Tensor logits, int[] rows, int vocabulary)
        {
            var n = rows.Length;
            fused.sample(
                logits,
                new SampleRequest
                {
                    Rows = rows,
                    Temperature = Enumerable.Repeat(1f, n).ToArray(),
                    TopK = new int[n],
                    TopP = Enumerable.Repeat(1f, n).ToArray(),
                    MinP = new float[n],
                    Uniform = new double[n],
                    Vocabulary = vocabulary,
                },
                new int[n],
                new float[n]);
        }
    }

    private static (int Token, float LogProb) Draw(float[] row, Settings settings, int vocabulary)
    {
        using var scope = new TensorScope();
        var (token, logProb) = (new int[1], new float[1]);
        fused.sample(
            torch.tensor<float>(row, [1, row.Length]),
            new SampleRequest
            {
                Rows = [0],
                Temperature = [settings.Temperature],
                TopK = [settings.TopK],
                TopP = [settings.TopP],
                MinP = [settings.MinP],
                Uniform = [settings.Uniform],
                Vocabulary = vocabulary,
            },
            token,
            logProb);
        return (token[0], logProb[0]);
    }

    private static (int Token, double Probability) Reference(float[] row, Settings settings)
    {
        double highest = row.Max();
        double[] p = [.. row.Select(logit => Math.Exp((logit - highest) / settings.Temperature))];
        int[] ranking = [.. Enumerable.Range(0, row.Length).OrderByDescending(id => row[id]).ThenBy(id => id)];
        foreach (var id in ranking.Skip(settings.TopK > 0 ? settings.TopK : row.Length))
        {
            p[id] = 0;
        }

        var total = p.Sum();
        var reached = 0.0;
        foreach (var id in ranking)
        {
            var dropped = settings.TopP < 1 && reached >= settings.TopP * total;
            reached += p[id];
            p[id] = dropped ? 0 : p[id];
        }

        var largest = p.Max();
        p = [.. p.Select(weight => weight < settings.MinP * largest ? 0 : weight)];
        total = p.Sum();
        var cumulative = 0.0;
        for (var id = 0; id < p.Length; id++)
        {
            cumulative += p[id];
            if (cumulative > settings.Uniform * total)
            {
                return (id, p[id] / total);
            }
        }

        throw new InvalidOperationException("no token reaches the uniform");
    }

    private sealed record Settings(float Temperature, int TopK, float TopP, float MinP, double Uniform);
}
