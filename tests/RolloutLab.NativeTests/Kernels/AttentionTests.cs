using RolloutLab.Torch;
using static RolloutLab.NativeTests.Kernels.KernelComparison;

namespace RolloutLab.NativeTests.Kernels;

/// <summary>Causal attention over packed sequences.</summary>
public class AttentionTests
{
    public static TheoryData<int[], int, int, long> Cases => new()
    {
        { [], 2, 1, 8 },
        { [0, 0], 2, 2, 8 },
        { [1], 1, 1, 1 },
        { [0, 1, 2, 0, 7], 4, 2, 16 },
        { [5, 17, 6, 48, 49, 1, 33], 4, 2, 32 },
        { [5, 17, 64, 65], 6, 2, 20 },
        { [130, 23], 2, 2, 64 },
        { [300], 4, 1, 64 },
        { [26, 97], 2, 1, 128 },
        { [70], 2, 1, 256 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Outputs_and_gradients_match_softmax_written_out(int[] lengths, int qHeads, int kvHeads, long headSize)
    {
        using var scope = new TensorScope();
        var boundaries = Boundaries(lengths);
        long tokens = boundaries[^1];
        var scale = 1.5 / Math.Sqrt(headSize);
        AssertMatches(
            [Random(1, tokens, qHeads, headSize), Random(2, tokens, kvHeads, headSize), Random(3, tokens, kvHeads, headSize)],
            given => [fused.varlen_attention(given[0], given[1], given[2], boundaries, [], scale)],
            given => [References.Attention(given[0], given[1], given[2], boundaries, scale)]);
    }

    public static TheoryData<int[], int[], int, int, long> Trees => new()
    {
        { [5, 3, 4], [0, 5, 5], 2, 2, 8 },
        { [5, 3, 4, 0, 2], [0, 2, 4, 8, 1], 4, 2, 16 },
        { [20, 13, 0, 47, 1, 9, 70, 3], [0, 20, 33, 17, 64, 12, 0, 51], 4, 2, 32 },
        { [64, 1, 65, 3, 100], [0, 64, 48, 112, 115], 2, 1, 20 },
        { [130, 23, 23], [0, 130, 129], 2, 2, 64 },
    };

    /// <summary>The reference computes every path alone, from copies of the shared tokens; their gradients add up.</summary>
    [Theory]
    [MemberData(nameof(Trees))]
    public void Sequences_that_share_prefixes_match_softmax_over_every_path(
        int[] lengths, int[] prefixes, int qHeads, int kvHeads, long headSize)
    {
        using var scope = new TensorScope();
        var boundaries = Boundaries(lengths);
        var (paths, own) = Paths(boundaries, prefixes);
        var pathTokens = torch.tensor<int>([.. paths.SelectMany(path => path)]);
        var pathBoundaries = Boundaries([.. paths.Select(path => path.Length)]);
        var ownRows = torch.tensor<int>(own);
        long tokens = boundaries[^1];
        AssertMatches(
            [Random(1, tokens, qHeads, headSize), Random(2, tokens, kvHeads, headSize), Random(3, tokens, kvHeads, headSize)],
            given => [fused.varlen_attention(given[0], given[1], given[2], boundaries, prefixes, 0.3)],
            given => [References.Attention(
                given[0].index_select(0, pathTokens), given[1].index_select(0, pathTokens), given[2].index_select(0, pathTokens), pathBoundaries, 0.3)
                .index_select(0, ownRows)]);
    }

    [Fact]
    public void Gradients_match_finite_differences()
    {
        using var scope = new TensorScope();
        AssertMatchesFiniteDifferences(
            [Random(1, 13, 4, 8), Random(2, 13, 2, 8), Random(3, 13, 2, 8)],
            given => [fused.varlen_attention(given[0], given[1], given[2], [0, 9, 13], [], 0.4)]);
    }

    [Fact]
    public void Hand_computed_weights_of_two_tokens()
    {
        using var scope = new TensorScope();
        // Token 1 scores ln 3 with token 0 and 0 with itself: weights 3/4 and 1/4.
        var q = torch.tensor<float>([1, MathF.Log(3)], [2, 1, 1]);
        var k = torch.tensor<float>([1, 0], [2, 1, 1]);
        var v = torch.tensor<float>([8, 4], [2, 1, 1]);
        var result = fused.varlen_attention(q, k, v, [0, 2], [], 1).ToArray<float>();
        Assert.Equal(8f, result[0]);
        Assert.Equal(7f, result[1], 5);
    }

    [Fact]
    public void Scores_far_beyond_the_range_of_exp_pick_the_largest()
    {
        using var scope = new TensorScope();
        var q = torch.tensor<float>([1e4f, 1e4f, 1e4f], [3, 1, 1]);
        var k = torch.tensor<float>([-50, 60, 20], [3, 1, 1]);
        var v = torch.tensor<float>([1, 2, 3], [3, 1, 1]);
        Assert.Equal([1f, 2f, 2f], fused.varlen_attention(q, k, v, [0, 3], [], 1).ToArray<float>());
    }

    [Fact]
    public void Results_do_not_depend_on_threads_or_neighbours()
    {
        using var scope = new TensorScope();
        int[] lengths = [.. Enumerable.Range(0, 60).Select(i => 10 + i * 13 % 51)];
        var boundaries = Boundaries(lengths);
        long tokens = boundaries[^1];
        var threads = TorchRuntime.Threads();
        try
        {
            TorchRuntime.SetThreads(1);
            var alone = Run(0, tokens, boundaries);
            TorchRuntime.SetThreads(3);
            Assert.Equal(alone, Run(0, tokens, boundaries));
            var (start, length) = (boundaries[30], lengths[30]);
            Assert.Equal(alone[0][(start * 64)..((start + length) * 64)], Run(start, length, [0, length])[0]);
        }
        finally
        {
            TorchRuntime.SetThreads(threads);
        }

        float[][] Run(long start, long count, int[] cuts)
        {
            Tensor[] given = [.. new long[] { 4, 2, 2 }.Select((heads, i) =>
                Random((ulong)i, tokens, heads, 16).narrow(0, start, count).clone().requires_grad_())];
            var result = fused.varlen_attention(given[0], given[1], given[2], cuts, [], 0.25);
            result.square().sum().backward();
            return [result.ToArray<float>(), .. given.Select(tensor => tensor.grad()!.ToArray<float>())];
        }
    }

    [Fact]
    public void Boundaries_and_heads_that_do_not_fit_are_refused()
    {
        using var scope = new TensorScope();
        var (q, k) = (Random(1, 4, 4, 8), Random(2, 4, 3, 8));
        Assert.Contains("not a multiple", Message(() => fused.varlen_attention(q, k, k, [0, 4], [], 1)));
        Assert.Contains("from 0 to 3", Message(() => fused.varlen_attention(q, q, q, [0, 3], [], 1)));
        Assert.Contains("falls after entry 1", Message(() => fused.varlen_attention(q, q, q, [0, 3, 2, 4], [], 1)));
        Assert.Contains("sequence 1 shares 3 tokens with the 2", Message(() => fused.varlen_attention(q, q, q, [0, 2, 4], [0, 3], 1)));
        Assert.Contains("sequence 0 shares 1", Message(() => fused.varlen_attention(q, q, q, [0, 2, 4], [1, 0], 1)));
        Assert.Throws<ArgumentException>(() => fused.varlen_attention(q, q, q, [0, 4], [0, 0], 1));
        Assert.Contains("scale", Message(() => fused.varlen_attention(q, q, q, [0, 4], [], 0)));

        static string Message(Func<object> call) => Assert.Throws<TorchException>(call).Message;
    }

    /// <summary>Token indices of each path, and the row of each token in the paths laid end to end.</summary>
    private static (List<int[]> Paths, int[] Own) Paths(int[] boundaries, int[] prefixes)
    {
        var (paths, own, laid) = (new List<int[]>(), new List<int>(), 0);
        for (var i = 0; i < prefixes.Length; i++)
        {
            int[] path = [.. i == 0 ? [] : paths[i - 1].Take(prefixes[i]), .. Enumerable.Range(boundaries[i], boundaries[i + 1] - boundaries[i])];
            own.AddRange(Enumerable.Range(laid + prefixes[i], path.Length - prefixes[i]));
            laid += path.Length;
            paths.Add(path);
        }

        return (paths, [.. own]);
    }

    private static int[] Boundaries(int[] lengths)
    {
        var boundaries = new int[lengths.Length + 1];
        for (var i = 0; i < lengths.Length; i++)
        {
            boundaries[i + 1] = boundaries[i] + lengths[i];
        }

        return boundaries;
    }
}
