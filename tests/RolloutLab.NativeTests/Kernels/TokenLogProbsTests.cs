using RolloutLab.Torch;
using static RolloutLab.NativeTests.Kernels.KernelComparison;

namespace RolloutLab.NativeTests.Kernels;

/// <summary>Log-probabilities of tokens and entropies from hidden states.</summary>
public class TokenLogProbsTests
{
    // 20,000 tokens make chunks of 419 rows: 700 rows take two, the second smaller.
    [Theory]
    [InlineData(0, 22, 22, 1.0)]
    [InlineData(1, 1, 1, 1.0)]
    [InlineData(5, 23, 20, 0.6)]
    [InlineData(300, 22, 22, 1.3)]
    [InlineData(700, 20_000, 19_990, 1.0)]
    public void Match_log_softmax_of_the_logits(int rows, long padded, int vocabulary, double temperature)
    {
        using var scope = new TensorScope();
        long[] targets = [.. Enumerable.Range(0, rows).Select(row => row * 31L % vocabulary)];
        var index = torch.tensor<long>(targets, [rows, 1]);
        AssertMatches(
            [Random(1, rows, 16), Random(2, padded, 16)],
            given =>
            {
                var (logProbs, entropy) = fused.token_log_probs(given[0], given[1], targets, temperature, vocabulary);
                return [logProbs, entropy];
            },
            given =>
            {
                var logits = given[0].matmul(given[1].narrow(0, 0, vocabulary).transpose(0, 1)) / temperature;
                var all = logits.log_softmax(-1);
                return [all.gather(1, index).reshape(rows), -(all.exp() * all).sum(-1)];
            });
    }

    [Fact]
    public void Hand_computed_case()
    {
        using var scope = new TensorScope();
        // Logits 0 and 2 ln 3 at temperature 2: probabilities 1/4 and 3/4.
        var hidden = torch.tensor<float>([1], [1, 1]).requires_grad_();
        var weight = torch.tensor<float>([0, 2 * MathF.Log(3)], [2, 1]).requires_grad_();
        var (logProbs, entropy) = fused.token_log_probs(hidden, weight, [0], 2, 2);
        Assert.Equal(Math.Log(0.25), logProbs.item(), 6);
        Assert.Equal(-0.25 * Math.Log(0.25) - 0.75 * Math.Log(0.75), entropy.item(), 6);
        logProbs.backward();
        // d log p[0] / d logit[1] = -3/4, halved by the temperature.
        Assert.Equal(0.375, weight.grad()!.ToArray<float>()[0], 6);
        Assert.Equal(-0.375, weight.grad()!.ToArray<float>()[1], 6);
        Assert.Equal(-0.375 * 2 * Math.Log(3), hidden.grad()!.item(), 5);
    }

    [Fact]
    public void Gradients_match_finite_differences()
    {
        using var scope = new TensorScope();
        AssertMatchesFiniteDifferences(
            [Random(1, 6, 8), Random(2, 11, 8)],
            given =>
            {
                var (logProbs, entropy) = fused.token_log_probs(given[0], given[1], [0, 3, 9, 1, 1, 8], 0.8, 10);
                return [logProbs, entropy];
            });
    }

    [Fact]
    public void Large_logits_lose_no_digits()
    {
        using var scope = new TensorScope();
        // Both logits exceed 8,000 where floats are 0.001 apart; their difference is 1 exactly.
        var hidden = torch.tensor<float>([1], [1, 1]);
        var weight = torch.tensor<float>([8192, 8193], [2, 1]);
        var (logProbs, _) = fused.token_log_probs(hidden, weight, [0], 1, 2);
        Assert.Equal(-1 - Math.Log(1 + Math.Exp(-1)), logProbs.item(), 6);
    }

    [Fact]
    public void Targets_outside_the_vocabulary_are_refused()
    {
        using var scope = new TensorScope();
        var (hidden, weight) = (Random(1, 2, 4), Random(2, 6, 4));
        Assert.Contains("target 5 of row 1", Message(() => fused.token_log_probs(hidden, weight, [0, 5], 1, 5)));
        Assert.Contains("target -1 of row 0", Message(() => fused.token_log_probs(hidden, weight, [-1, 0], 1, 5)));
        Assert.Contains("temperature", Message(() => fused.token_log_probs(hidden, weight, [0, 1], 0, 5)));
        Assert.Contains("1..6", Message(() => fused.token_log_probs(hidden, weight, [0, 1], 1, 7)));

        static string Message(Action call) => Assert.Throws<TorchException>(call).Message;
    }
}
