using RolloutLab.Torch;

namespace RolloutLab.NativeTests.Torch;

/// <summary>The binding hands operands over in their places; the kernels' numbers have their own tests.</summary>
public class FusedBindingTests
{
    [Fact]
    public void Add_rms_norm_returns_the_sum_first_and_is_followed_by_autograd()
    {
        using var scope = new TensorScope();
        var x = torch.tensor<float>([1, 2], [1, 2]).requires_grad_();
        var (sum, normed) = fused.add_rms_norm(x, torch.tensor<float>([2, 2], [1, 2]), torch.tensor<float>([1, 10]), 0);
        Assert.Equal([3f, 4f], sum.ToArray<float>());
        // rms = sqrt((9 + 16) / 2).
        var rms = Math.Sqrt(12.5);
        Assert.Equal(3 / rms, normed.ToArray<float>()[0], 5);
        Assert.Equal(40 / rms, normed.ToArray<float>()[1], 5);
        sum.sum().backward();
        Assert.Equal([1f, 1f], x.grad()!.ToArray<float>());
    }

    [Fact]
    public void Split_qkv_rope_separates_heads_and_rotates_queries_and_keys_only()
    {
        using var scope = new TensorScope();
        var qkv = torch.tensor<float>([1, 2, 3, 4, 5, 6, 7, 8], [1, 8]);
        // A quarter turn at position 1: (a, b) becomes (-b, a).
        var cos = torch.tensor<float>([1, 0], [2, 1]);
        var sin = torch.tensor<float>([0, 1], [2, 1]);
        var (q, k, v) = fused.split_qkv_rope(qkv, null, null, 1e-6, cos, sin, [1], q_heads: 2, kv_heads: 1);
        Assert.Equal([1L, 2, 2], q.shape);
        Assert.Equal([-2f, 1f, -4f, 3f], q.ToArray<float>());
        Assert.Equal([-6f, 5f], k.ToArray<float>());
        Assert.Equal([7f, 8f], v.ToArray<float>());
    }

    [Fact]
    public void Cache_written_copied_and_attended_returns_the_only_value()
    {
        using var scope = new TensorScope();
        var kCache = torch.zeros([2, 1, 2, 8]);
        var vCache = torch.zeros([2, 1, 8, 2]);
        var key = torch.tensor<float>([1, 2], [1, 1, 2]);
        var value = torch.tensor<float>([3, 4], [1, 1, 2]);
        fused.kv_write(key, value, [0], kCache, vCache);
        fused.kv_copy_blocks(kCache, vCache, [0], [1]);
        vCache.narrow(0, 0, 1).fill_(-1);

        var attended = fused.paged_attention(key, kCache, vCache, [1], 1, [0], [0], 1);

        Assert.Equal([3f, 4f], attended.ToArray<float>());
        Assert.Throws<ArgumentException>(() => fused.paged_attention(key, kCache, vCache, [1, 0, 1], 2, [0], [0], 1));
        Assert.Throws<ArgumentException>(() => fused.kv_copy_blocks(kCache, vCache, [0], []));
        Assert.Throws<TorchException>(() => fused.kv_write(key, value, [16], kCache, vCache));
    }

    [Fact]
    public void Sampling_takes_each_draw_s_own_settings()
    {
        using var scope = new TensorScope();
        var logits = torch.tensor<float>([0, (float)Math.Log(3), 50], [1, 3]);
        var ids = new int[3];
        var logProbs = new float[3];
        fused.sample(
            logits,
            new SampleRequest
            {
                Rows = [0, 0, 0],
                Temperature = [0, 1, 1],
                TopK = [0, 0, 0],
                TopP = [1, 1, 1],
                MinP = [0, 0, 0],
                Uniform = [0.99, 0.2, 0.3],
                Vocabulary = 2,
            },
            ids,
            logProbs);
        // Probabilities of the two tokens are 1/4 and 3/4; the third is padding.
        Assert.Equal([1, 0, 1], ids);
        Assert.Equal(Math.Log(0.75), logProbs[0], 5);
        Assert.Equal(Math.Log(0.25), logProbs[1], 5);
    }

    [Fact]
    public void AdamW_steps_by_the_learning_rate_first_and_refuses_what_is_not_finite()
    {
        using var scope = new TensorScope();
        var weight = torch.tensor<float>([1, -1]).requires_grad_();
        var untouched = torch.tensor<float>([5]).requires_grad_();
        (weight * torch.tensor<float>([3, -4])).sum().backward();
        Tensor[] first = [torch.zeros([2]), torch.zeros([1])];
        Tensor[] second = [torch.zeros([2]), torch.zeros([1])];
        var options = new AdamWOptions(0.1, 0.9, 0.999, 1e-12, 0, 0, 1);

        Assert.True(fused.adamw_step([weight, untouched], first, second, [false, false], options, out var norm));

        Assert.Equal(5, norm, 6);
        Assert.Equal(0.9f, weight.ToArray<float>()[0], 5);
        Assert.Equal(-0.9f, weight.ToArray<float>()[1], 5);
        Assert.Equal(5, untouched.item());

        weight.grad()!.fill_(double.NaN);
        var before = weight.ToArray<float>();
        Assert.False(fused.adamw_step([weight, untouched], first, second, [true, true], options with { Step = 2 }, out norm));
        Assert.True(double.IsNaN(norm));
        Assert.Equal(before, weight.ToArray<float>());
        Assert.Throws<ArgumentException>(() => fused.adamw_step([weight], first, second, [true], options, out _));
    }
}
