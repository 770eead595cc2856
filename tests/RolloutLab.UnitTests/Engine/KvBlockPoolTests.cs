using RolloutLab.Engine;

namespace RolloutLab.UnitTests.Engine;

public sealed class KvBlockPoolTests
{
    [Fact]
    public void Fork_shares_every_block_and_the_first_writer_copies_only_the_partial_one()
    {
        var pool = new KvBlockPool(blockCount: 8, blockSize: 4);
        var (parent, child) = (new KvBlockTable(), new KvBlockTable());
        Assert.True(pool.TryAppend(parent, 6, out _));

        pool.Fork(parent, 6, child);
        Assert.Equal(2, pool.UsedCount);
        Assert.Equal(parent.Blocks.ToArray(), child.Blocks.ToArray());

        Assert.Equal(1, pool.BlocksToAppend(child, 1));
        Assert.True(pool.TryAppend(child, 1, out var copy));
        Assert.Equal(new BlockCopy(parent.Blocks[1], child.Blocks[1]), copy);
        Assert.Equal(parent.Blocks[0], child.Blocks[0]);
        Assert.NotEqual(parent.Blocks[1], child.Blocks[1]);

        // The parent is now alone with its last block and writes in place.
        Assert.True(pool.TryAppend(parent, 1, out copy));
        Assert.Null(copy);
        Assert.Equal(3, pool.UsedCount);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(4, 1)]
    [InlineData(5, 2)]
    [InlineData(9, 3)]
    public void Fork_shares_only_the_blocks_of_its_length(int length, int blocks)
    {
        var pool = new KvBlockPool(blockCount: 8, blockSize: 4);
        var (parent, child) = (new KvBlockTable(), new KvBlockTable());
        pool.TryAppend(parent, 9, out _);

        pool.Fork(parent, length, child);

        Assert.Equal(length, child.Length);
        Assert.Equal(parent.Blocks[..blocks].ToArray(), child.Blocks.ToArray());

        // A fork that ends on a block's end never needs a copy; any other needs one.
        pool.TryAppend(child, 1, out var copy);
        Assert.Equal(length % 4 != 0, copy.HasValue);
    }

    [Fact]
    public void Append_takes_nothing_when_it_cannot_have_all()
    {
        var pool = new KvBlockPool(blockCount: 3, blockSize: 2);
        var (table, fork) = (new KvBlockTable(), new KvBlockTable());
        pool.TryAppend(table, 3, out _);
        pool.Fork(table, 3, fork);

        // Two more tokens end in a third block, and the shared second one must be copied: 2 blocks, 1 is free.
        Assert.Equal(2, pool.BlocksToAppend(fork, 2));
        Assert.False(pool.TryAppend(fork, 2, out var copy));

        Assert.Null(copy);
        Assert.Equal(3, fork.Length);
        Assert.Equal(1, pool.FreeCount);
        Assert.Equal(table.Blocks.ToArray(), fork.Blocks.ToArray());

        pool.Free(table);
        Assert.True(pool.TryAppend(fork, 2, out copy));
        Assert.Null(copy);
    }

    [Fact]
    public void Fork_into_a_used_table_or_beyond_the_source_is_refused()
    {
        var pool = new KvBlockPool(blockCount: 4, blockSize: 2);
        var (source, used) = (new KvBlockTable(), new KvBlockTable());
        pool.TryAppend(source, 3, out _);
        pool.TryAppend(used, 1, out _);

        Assert.Throws<ArgumentException>(() => pool.Fork(source, 1, used));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Fork(source, 4, new KvBlockTable()));
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Fork(source, -1, new KvBlockTable()));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvBlockPool(0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvBlockPool(2, 0));
    }

    [Fact]
    public void Peak_counts_shared_blocks_once_and_can_be_reset()
    {
        var pool = new KvBlockPool(blockCount: 9, blockSize: 2);
        var (a, b) = (new KvBlockTable(), new KvBlockTable());
        pool.TryAppend(a, 8, out _);
        pool.Fork(a, 8, b);
        Assert.Equal(4, pool.PeakUsed);

        pool.TryAppend(b, 1, out _);
        pool.Free(a);
        pool.Free(b);
        Assert.Equal(5, pool.PeakUsed);

        pool.ResetPeak();
        Assert.Equal(0, pool.PeakUsed);
        Assert.Equal(9, pool.FreeCount);
    }

    /// <summary>
    /// 100,000 random operations against a model that knows nothing of sharing: each table is a list of values, each
    /// slot holds the value last written to it. Any wrong share, copy or premature reuse makes a table read a wrong value.
    /// </summary>
    [Theory]
    [InlineData(1, 60, 1)]
    [InlineData(2, 40, 3)]
    [InlineData(3, 64, 4)]
    [InlineData(4, 25, 16)]
    public void Random_operations_keep_contents_and_counts_consistent(int seed, int blockCount, int blockSize)
    {
        const int Operations = 100_000;
        const int Tables = 24;
        var pool = new KvBlockPool(blockCount, blockSize);
        var random = new Random(seed);
        var model = new PoolModel(pool, Tables);
        for (var operation = 0; operation < Operations; operation++)
        {
            var table = random.Next(Tables);
            switch (random.Next(10))
            {
                case < 5:
                    model.Append(table, random.Next(0, (2 * blockSize) + 2));
                    break;
                case < 8:
                    model.Fork(random.Next(Tables), table, random.NextDouble());
                    break;
                default:
                    model.Free(table);
                    break;
            }

            model.CheckCounts();
            if (operation % 64 == 0)
            {
                model.CheckContents();
            }
        }

        for (var table = 0; table < Tables; table++)
        {
            model.Free(table);
        }

        Assert.Equal(blockCount, pool.FreeCount);
        Assert.True(model.Refusals > 100, "The pool was never short.");
        Assert.True(blockSize == 1 || model.Copies > 100, "No partial block was ever copied.");
    }

    private sealed class PoolModel
    {
        private readonly KvBlockPool _pool;
        private readonly KvBlockTable[] _tables;
        private readonly List<int>[] _values;
        private readonly int[] _slots;
        private readonly int[] _references;
        private int _nextValue;

        public PoolModel(KvBlockPool pool, int tables)
        {
            _pool = pool;
            _tables = [.. Enumerable.Range(0, tables).Select(_ => new KvBlockTable())];
            _values = [.. Enumerable.Range(0, tables).Select(_ => new List<int>())];
            _slots = new int[pool.BlockCount * pool.BlockSize];
            _references = new int[pool.BlockCount];
        }

        public int Refusals { get; private set; }

        public int Copies { get; private set; }

        public void Append(int index, int tokens)
        {
            var table = _tables[index];
            var (before, free, needed) = (table.Length, _pool.FreeCount, _pool.BlocksToAppend(table, tokens));
            var done = _pool.TryAppend(table, tokens, out var copy);
            Assert.Equal(needed <= free, done);
            if (!done)
            {
                Assert.Equal(before, table.Length);
                Assert.Equal(free, _pool.FreeCount);
                Refusals++;
                return;
            }

            Assert.Equal(free - needed, _pool.FreeCount);
            if (copy is { } made)
            {
                Array.Copy(_slots, made.Source * _pool.BlockSize, _slots, made.Destination * _pool.BlockSize, _pool.BlockSize);
                Copies++;
            }

            for (var position = before; position < before + tokens; position++)
            {
                _values[index].Add(++_nextValue);
                _slots[Slot(table, position)] = _nextValue;
            }

            Assert.Equal(before + tokens, table.Length);
        }

        public void Fork(int source, int destination, double share)
        {
            if (source == destination)
            {
                return;
            }

            Free(destination);
            var length = (int)(share * (_values[source].Count + 1));
            var free = _pool.FreeCount;
            _pool.Fork(_tables[source], length, _tables[destination]);
            _values[destination].AddRange(_values[source].Take(length));
            Assert.Equal(free, _pool.FreeCount);
        }

        public void Free(int index)
        {
            _pool.Free(_tables[index]);
            _values[index].Clear();
            Assert.Equal(0, _tables[index].Length);
            Assert.Equal(0, _tables[index].BlockCount);
        }

        public void CheckCounts()
        {
            Array.Clear(_references);
            var consistent = true;
            foreach (var table in _tables)
            {
                consistent &= table.BlockCount == (table.Length + _pool.BlockSize - 1) / _pool.BlockSize;
                foreach (var block in table.Blocks)
                {
                    _references[block]++;
                }
            }

            var free = 0;
            for (var block = 0; block < _references.Length; block++)
            {
                consistent &= _references[block] == _pool.ReferenceCount(block);
                free += _references[block] == 0 ? 1 : 0;
            }

            consistent &= free == _pool.FreeCount && _pool.UsedCount == _pool.BlockCount - free;
            consistent &= _pool.PeakUsed >= _pool.UsedCount && _pool.PeakUsed <= _pool.BlockCount;
            Assert.True(consistent);
        }

        public void CheckContents()
        {
            for (var index = 0; index < _tables.Length; index++)
            {
                for (var position = 0; position < _values[index].Count; position++)
                {
                    Assert.True(_values[index][position] == _slots[Slot(_tables[index], position)]);
                }
            }
        }

        private int Slot(KvBlockTable table, int position) =>
            (table.Blocks[position / _pool.BlockSize] * _pool.BlockSize) + (position % _pool.BlockSize);
    }
}
