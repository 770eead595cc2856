using RolloutLab.Engine;
using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Models;

public class PagedModelRunnerTests
{
    private const int BlockSize = 8;

    private static readonly KvCacheSize Size = new(BlockSize, 40);

    [Theory]
    [MemberData(nameof(TestModels.Variants), MemberType = typeof(TestModels))]
    public void Log_probs_of_chunked_prefill_forks_and_mixed_steps_are_the_dense_ones(ModelFamily family, bool tied, bool bias)
    {
        using var weights = TestModels.Weights(TestModels.Config(family, tied, bias));
        using var model = new DecoderModel(weights);
        using var runner = new PagedModelRunner(model, Size);
        var harness = new PagedHarness(runner, new DenseDecoder(weights));

        // A prompt of two full blocks and a partial one, prefilled in chunks that end inside blocks.
        var prompt = harness.Add(TestModels.Tokens(21, 29, 1));
        harness.Step((prompt, 13, 0));
        // Its rest, whose last token three forks draw from, together with another sequence's first chunk.
        var other = harness.Add(TestModels.Tokens(19, 29, 2));
        harness.Step((prompt, 8, 3), (other, 5, 0));
        var forks = harness.Fork(prompt, 3);
        harness.Step((forks[2], 1, 1), (other, 14, 2), (forks[0], 1, 1), (forks[1], 1, 1));
        var tails = harness.Fork(other, 2);
        for (var i = 0; i < 8; i++)
        {
            harness.Step((tails[0], 1, 1), (forks[0], 1, 1), (forks[1], 1, 1), (tails[1], 1, 1), (forks[2], 1, 1));
        }

        Assert.Equal(3 + 3 + 2 + (8 * 5), harness.Compared);
        Assert.Equal(3, forks.Select(fork => string.Join(',', fork.Tokens)).Distinct().Count());
    }

    [Fact]
    public void Each_draw_uses_its_own_settings()
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Llama, tied: false, bias: false));
        using var model = new DecoderModel(weights);
        using var runner = new PagedModelRunner(model, Size);
        var harness = new PagedHarness(runner, new DenseDecoder(weights));
        var prompt = harness.Add(TestModels.Tokens(9, 29, 3));
        var step = harness.Prepare((prompt, 9, 6));
        // Greedy, hot, top-k, top-p, min-p, and plain again.
        step.Temperatures = [0, 2.5f, 1, 1, 1, 1];
        step.TopK = [0, 0, 1, 0, 0, 0];
        step.TopP = [1, 1, 1, 1e-6f, 1, 1];
        step.MinP = [0, 0, 0, 0, 0.9999f, 0];
        step.Uniforms = [0.99, 0.3, 0.99, 0.99, 0.99, 0.999999];
        var sampled = new SampledToken[6];
        runner.Execute(step, sampled);

        var row = harness.Dense.LogProbs(prompt.Tokens.ToArray())[^1];
        var hot = harness.Dense.LogProbs(prompt.Tokens.ToArray(), 2.5)[^1];
        var best = Array.IndexOf(row, row.Max());
        Assert.Equal(best, sampled[0].TokenId);
        Assert.Equal(row[best], sampled[0].LogProb, 1e-4);
        Assert.Equal(Inverse(hot, 0.3), sampled[1].TokenId);
        Assert.Equal(hot[sampled[1].TokenId], sampled[1].LogProb, 1e-4);
        Assert.All(sampled[2..5], token => Assert.Equal((best, 0f), (token.TokenId, token.LogProb)));
        Assert.Equal(Inverse(row, 0.999999), sampled[5].TokenId);
    }

    [Fact]
    public void Weights_changed_in_place_are_the_ones_used_next()
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Llama, tied: false, bias: false));
        using var other = TestModels.Weights(weights.Config, seed: 2);
        using var model = new DecoderModel(weights);
        using var runner = new PagedModelRunner(model, Size);
        weights.CopyFrom(other);
        var harness = new PagedHarness(runner, new DenseDecoder(other));
        harness.Step((harness.Add(TestModels.Tokens(9, 29, 3)), 9, 1));
        Assert.Equal(1, harness.Compared);
    }

    [Fact]
    public void A_steady_decode_step_allocates_for_its_tensors_only_whatever_the_batch()
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Llama, tied: false, bias: false));
        using var model = new DecoderModel(weights);
        using var runner = new PagedModelRunner(model, Size);
        Assert.Equal(Allocated(runner, batch: 2), Allocated(runner, batch: 32));
    }

    [Fact]
    public void Refuses_steps_and_caches_that_do_not_fit()
    {
        using var weights = TestModels.Weights(TestModels.Config(ModelFamily.Llama, tied: false, bias: false));
        using var model = new DecoderModel(weights);
        using var runner = new PagedModelRunner(model, Size);
        var step = Decode(batch: 2);
        Assert.Throws<ArgumentException>(() => runner.Execute(step, new SampledToken[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runner.Execute(new ModelStep(), []));
        step.SampleRows = [0, 2];
        Assert.Throws<ArgumentException>(() => runner.Execute(step, new SampledToken[2]));
        step.SampleRows = [0, 1];
        step.SlotMapping = [0, BlockSize * 40];
        Assert.ThrowsAny<TorchException>(() => runner.Execute(step, new SampledToken[2]));
        Assert.ThrowsAny<TorchException>(() => runner.CopyBlocks([new BlockCopy(0, 40)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PagedModelRunner(model, new KvCacheSize(12, 4)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PagedModelRunner(model, new KvCacheSize(8, 0)));
    }

    [Fact]
    public void Cache_sizes_follow_from_tokens_and_bytes()
    {
        var config = TestModels.Config(ModelFamily.Llama, tied: false, bias: false);
        // 2 layers, a key and a value of 2 heads of 6 floats each.
        Assert.Equal(2 * 2 * 2 * 6 * 4, KvCacheSize.BytesPerToken(config));
        Assert.Equal(new KvCacheSize(16, 3), KvCacheSize.OfTokens(33, 16));
        Assert.Equal(new KvCacheSize(16, 2), KvCacheSize.OfTokens(32, 16));
        Assert.Equal(new KvCacheSize(16, 2), KvCacheSize.OfBytes((3 * 16 * 192) - 1, 16, config));
        Assert.Equal(0, KvCacheSize.OfBytes(16 * 192 - 1, 16, config).BlockCount);
    }

    private static long Allocated(PagedModelRunner runner, int batch)
    {
        var step = Decode(batch);
        var sampled = new SampledToken[batch];
        for (var i = 0; i < 3; i++)
        {
            runner.Execute(step, sampled);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        runner.Execute(step, sampled);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static ModelStep Decode(int batch) => new()
    {
        TokenCount = batch,
        SequenceCount = batch,
        SampleCount = batch,
        TokenIds = [.. Enumerable.Range(0, batch).Select(i => i % 29)],
        Positions = new int[batch],
        SlotMapping = [.. Enumerable.Range(0, batch).Select(i => i * BlockSize)],
        SequenceOfToken = [.. Enumerable.Range(0, batch)],
        BlockTables = [.. Enumerable.Range(0, batch)],
        BlockTableStride = 1,
        SampleRows = [.. Enumerable.Range(0, batch)],
        Temperatures = [.. Enumerable.Repeat(1f, batch)],
        TopK = new int[batch],
        TopP = [.. Enumerable.Repeat(1f, batch)],
        MinP = new float[batch],
        Uniforms = [.. Enumerable.Repeat(0.5, batch)],
    };

    private static int Inverse(double[] logProbs, double uniform)
    {
        var total = 0.0;
        return Array.FindIndex(logProbs, logProb => (total += Math.Exp(logProb)) > uniform);
    }
}
