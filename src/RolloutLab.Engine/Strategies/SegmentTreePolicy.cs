using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Engine;

/// <summary>
/// Segment trees after TreePO (arXiv 2508.17445): rows grow by segments of fixed length, and at each segment's end the
/// group's free places are shared out among the rows that still grow, each of which goes on as several samples. Every
/// token is drawn. A tree that ends with places left is drawn anew from random segment ends of its rows.
/// </summary>
public sealed class SegmentTreePolicy : IBranchPolicy
{
    private readonly SegmentTreeStrategySection _section;

    /// <summary>Creates the policy.</summary>
    public SegmentTreePolicy(SegmentTreeStrategySection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        _section = section;
    }

    /// <inheritdoc/>
    public int TopTokens => 0;

    /// <inheritdoc/>
    public IReadOnlyList<ITreeGrower> Begin(long step, IReadOnlyList<int> leaves) => [.. leaves.Select(_ => new Grower(_section))];

    private sealed class Grower(SegmentTreeStrategySection section) : ITreeGrower
    {
        public void Start(GrowingTree tree)
        {
            for (var i = 0; i < Math.Min(section.Branches, tree.Leaves); i++)
            {
                tree.Plant(section.Segment);
            }
        }

        public bool Decide(GrowingTree tree)
        {
            int[] rows = [.. Order(tree)];
            var end = tree.Length(rows[0]);
            var free = tree.Leaves - tree.GrowingCount - tree.FinishedCount;
            for (var branch = 1; branch < section.Branches; branch++)
            {
                foreach (var row in rows.Take(Math.Max(0, free)))
                {
                    tree.Resample(row, end, end + section.Segment);
                    free--;
                }
            }

            var isFull = free <= 0;
            tree.SaturatedAt = isFull ? end : -1;
            foreach (var row in rows)
            {
                tree.Take(row, isFull ? GrowingTree.Never : end + section.Segment);
            }

            if (isFull)
            {
                foreach (var row in tree.Held.ToList())
                {
                    tree.Release(row);
                }

                tree.Settle();
            }

            return true;
        }

        public void Rest(GrowingTree tree)
        {
            var rows = tree.RowCount;
            for (var draw = 0L; tree.GrowingCount + tree.FinishedCount < tree.Leaves; draw += 2)
            {
                var row = tree.Choices.Below(draw, rows);
                var ends = (tree.Length(row) + section.Segment - 1) / section.Segment;
                tree.Resample(row, section.Segment * tree.Choices.Below(draw + 1, ends), GrowingTree.Never, BranchKind.Fill);
            }

            tree.Settle();
        }

        /// <summary>The held rows in the order in which they get places.</summary>
        private IEnumerable<int> Order(GrowingTree tree) => section.Order switch
        {
            SegmentForkOrder.Age => tree.Held,
            SegmentForkOrder.LowProbability => tree.Held.OrderBy(row => SegmentLogProb(tree, row)).ThenBy(row => row),
            SegmentForkOrder.HighProbability => tree.Held.OrderByDescending(row => SegmentLogProb(tree, row)).ThenBy(row => row),
            _ => throw new ArgumentOutOfRangeException(nameof(tree), section.Order, "unknown order"),
        };

        private double SegmentLogProb(GrowingTree tree, int row)
        {
            var (sum, end) = (0.0, tree.Length(row));
            for (var position = end - section.Segment; position < end; position++)
            {
                sum += tree.LogProb(row, position);
            }

            return sum;
        }
    }
}
