using RolloutLab.Torch;
using static RolloutLab.NativeTests.Kernels.KernelComparison;

namespace RolloutLab.NativeTests.Kernels;

/// <summary>Attention over the paged cache against attention over the same tokens laid end to end.</summary>
public class PagedAttentionTests
{
    private static readonly int[] _lengths = [1, 37, 100, 12];
    private const int KvHeads = 2;
    private const double Scale = 0.3;

    [Theory]
    [InlineData(8, 20, 1)]
    [InlineData(8, 32, 8)]
    [InlineData(16, 32, 1)]
    [InlineData(16, 64, 2)]
    [InlineData(16, 128, 3)]
    [InlineData(24, 16, 4)]
    [InlineData(32, 256, 2)]
    public void Matches_dense_attention_for_every_token(int blockSize, int headSize, int group)
    {
        using var scope = new TensorScope();
        var batch = new Batch(blockSize, headSize, group);
        var expected = References.Attention(
            batch.Q.to(ScalarType.Float64), batch.K.to(ScalarType.Float64), batch.V.to(ScalarType.Float64), batch.Boundaries, Scale);
        AssertClose("all tokens", expected, batch.Attend(0, batch.Tokens), 1e-5);
    }

    [Theory]
    [InlineData(16, 32, 2)]
    [InlineData(24, 20, 1)]
    public void A_token_s_result_is_the_same_bits_alone_and_in_any_batch(int blockSize, int headSize, int group)
    {
        using var scope = new TensorScope();
        var batch = new Batch(blockSize, headSize, group);
        var all = batch.Attend(0, batch.Tokens).ToArray<float>();
        var row = headSize * group * KvHeads;
        foreach (var token in new[] { 0, 5, 37, 77, 137, 149 })
        {
            Assert.Equal(all[(token * row)..((token + 1) * row)], batch.Attend(token, 1).ToArray<float>());
        }
    }

    /// <summary>
    /// Leaves of a tree that share leading blocks are read together. Alone, each is a call of its own that reads nothing
    /// together; the slots behind each context are NaN.
    /// </summary>
    [Theory]
    [InlineData(8, 20, 1)]
    [InlineData(16, 32, 1)]
    [InlineData(16, 64, 4)]
    [InlineData(24, 16, 3)]
    public void Leaves_that_share_blocks_get_the_same_bits_as_alone(int blockSize, int headSize, int group)
    {
        using var scope = new TensorScope();
        int[][] tables =
        [
            [7, 3, 9, 1], [7, 3, 9, 2], [7, 3, 9, 4], [7, 3, 5], [7, 3, 5, 6], [7, 8], [0, 10, 11], [0, 10, 12], [7, 3, 13], [14],
        ];
        int[] lastSlots = [0, blockSize - 1, 4, 3, 0, 5, blockSize - 1, 2, 6, 0];
        int[] positions = [.. tables.Select((table, i) => ((table.Length - 1) * blockSize) + lastSlots[i])];
        var (q, keys) = (Random(1, tables.Length, KvHeads * group, headSize), Random(2, 15, KvHeads, headSize, blockSize));
        var values = Random(3, 15, KvHeads, blockSize, headSize);
        var unwritten = torch.full([1, KvHeads, headSize], double.NaN);
        for (var i = 0; i < tables.Length; i++)
        {
            if (i != 3 && lastSlots[i] + 1 < blockSize)
            {
                fused.kv_write(unwritten, unwritten, [(tables[i][^1] * blockSize) + lastSlots[i] + 1], keys, values);
            }
        }

        int[] padded = [.. tables.SelectMany(table => (int[])[.. table, .. new int[4 - table.Length]])];
        int[] owners = [.. Enumerable.Range(0, tables.Length)];
        var together = fused.paged_attention(q, keys, values, padded, 4, owners, positions, Scale).ToArray<float>();
        var row = KvHeads * group * headSize;
        for (var i = 0; i < tables.Length; i++)
        {
            var alone = fused.paged_attention(q.narrow(0, i, 1), keys, values, tables[i], tables[i].Length, [0], [positions[i]], Scale);
            Assert.Equal(alone.ToArray<float>(), together[(i * row)..((i + 1) * row)]);
        }
    }

    [Fact]
    public void Unwritten_and_stale_slots_behind_a_position_do_not_matter()
    {
        using var scope = new TensorScope();
        var batch = new Batch(16, 32, 1);
        var before = batch.Attend(20, 1).ToArray<float>();
        // Token 20 is position 19 of its sequence; all that follows in its block becomes NaN.
        var nan = torch.full([13, KvHeads, 32], double.NaN);
        fused.kv_write(nan, nan, [.. batch.Slots[21..33], -1], batch.KeyCache, batch.ValueCache);
        Assert.Equal(before, batch.Attend(20, 1).ToArray<float>());
    }

    [Fact]
    public void Copied_blocks_serve_a_fork()
    {
        using var scope = new TensorScope();
        var batch = new Batch(16, 32, 2);
        var before = batch.Attend(130, 1).ToArray<float>();
        var last = batch.BlockOf(token: 130);
        fused.kv_copy_blocks(batch.KeyCache, batch.ValueCache, [last], [batch.SpareBlock]);
        batch.KeyCache.narrow(0, last, 1).fill_(7);
        batch.ValueCache.narrow(0, last, 1).fill_(7);
        Assert.NotEqual(before, batch.Attend(130, 1).ToArray<float>());
        batch.Replace(last, batch.SpareBlock);
        Assert.Equal(before, batch.Attend(130, 1).ToArray<float>());
    }

    [Fact]
    public void Indices_outside_the_cache_are_refused()
    {
        using var scope = new TensorScope();
        var (k, cache) = (Random(1, 1, 1, 8), torch.zeros([3, 1, 8, 8]));
        Assert.Contains("slot 24", Message(() => fused.kv_write(k, k, [24], cache, cache)));
        Assert.Contains("block 3", Message(() => fused.kv_copy_blocks(cache, cache, [0], [3])));
        Assert.Contains("block -1 of sequence 0", Message(() => fused.paged_attention(k, cache, cache, [0, -1], 2, [0], [8], 1)));
        Assert.Contains("position 16", Message(() => fused.paged_attention(k, cache, cache, [0, 1], 2, [0], [16], 1)));
        Assert.Contains("sequence 1 of 1", Message(() => fused.paged_attention(k, cache, cache, [0, 1], 2, [1], [0], 1)));

        static string Message(Action call) => Assert.Throws<TorchException>(call).Message;
    }

    /// <summary>Sequences whose tokens lie in shuffled blocks of a cache that starts as NaN.</summary>
    private sealed class Batch
    {
        private readonly int[] _tables;
        private readonly int[] _owners;
        private readonly int[] _positions;
        private readonly int _stride;
        private readonly int _blockSize;

        public Batch(int blockSize, int headSize, int group)
        {
            _blockSize = blockSize;
            _stride = _lengths.Max() / blockSize + 2;
            Tokens = _lengths.Sum();
            Boundaries = [0, .. _lengths.Select((_, i) => _lengths[..(i + 1)].Sum())];
            Q = Random(1, Tokens, KvHeads * group, headSize);
            K = Random(2, Tokens, KvHeads, headSize);
            V = Random(3, Tokens, KvHeads, headSize);
            const int blocks = 31;
            KeyCache = torch.full([blocks, KvHeads, headSize, blockSize], double.NaN);
            ValueCache = torch.full([blocks, KvHeads, blockSize, headSize], double.NaN);
            _tables = new int[_lengths.Length * _stride];
            Array.Fill(_tables, -1);
            _owners = new int[Tokens];
            _positions = new int[Tokens];
            Slots = new int[Tokens];
            var used = 0;
            for (var token = 0; token < Tokens; token++)
            {
                var owner = _owners[token] = Array.FindLastIndex(Boundaries, start => start <= token);
                var position = _positions[token] = token - Boundaries[owner];
                var entry = owner * _stride + position / blockSize;
                // 11 and 31 have no common divisor: every block comes once, in scattered order.
                _tables[entry] = _tables[entry] < 0 ? used++ * 11 % blocks : _tables[entry];
                Slots[token] = _tables[entry] * blockSize + position % blockSize;
            }

            SpareBlock = used * 11 % blocks;
            fused.kv_write(K, V, Slots, KeyCache, ValueCache);
        }

        public int Tokens { get; }

        public int[] Boundaries { get; }

        public int[] Slots { get; }

        public int SpareBlock { get; }

        public Tensor Q { get; }

        public Tensor K { get; }

        public Tensor V { get; }

        public Tensor KeyCache { get; }

        public Tensor ValueCache { get; }

        public int BlockOf(int token) => Slots[token] / _blockSize;

        public void Replace(int block, int by) => _tables[Array.IndexOf(_tables, block)] = by;

        public Tensor Attend(int first, int count) => fused.paged_attention(
            Q.narrow(0, first, count),
            KeyCache,
            ValueCache,
            _tables,
            _stride,
            _owners.AsSpan(first, count),
            _positions.AsSpan(first, count),
            Scale);
    }
}
