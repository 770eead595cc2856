using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// The depth-averaged advantage of rollouts that grew on a tree (TreePO, arXiv 2508.17445): a rollout is compared with the
/// rollouts below each of its ancestors, A = mean over ancestors of (R − mean of the rewards below), divided by the
/// group's standard deviation unless <c>normalize: none</c>. Ancestors are the nodes at which the group's paths part,
/// the root included; those with fewer than two rewards below are left out. Without a tree only the root is there, and
/// the result is that of GRPO. O(tokens + n log n).
/// </summary>
public sealed class TreeAdvantage(TreeAdvantageSection section) : IAdvantageEstimator
{
    /// <inheritdoc/>
    public IReadOnlyList<GroupAdvantages> Estimate(IReadOnlyList<RewardGroup> groups)
    {
        var batchStd = section.Normalize == AdvantageNormalization.BatchStd ? GroupStatistics.Of(groups.SelectMany(g => g.Rewards)).Std : 0;
        return [.. groups.Select(g => EstimateGroup(g, batchStd))];
    }

    private GroupAdvantages EstimateGroup(RewardGroup group, double batchStd)
    {
        var spread = GroupStatistics.Of(group.Rewards);
        if (spread.Count < 2 || spread.Variance == 0)
        {
            return new GroupAdvantages(new double[group.Count]);
        }

        var divisor = section.Normalize switch
        {
            AdvantageNormalization.GroupStd => spread.Std + section.Epsilon,
            AdvantageNormalization.BatchStd => batchStd + section.Epsilon,
            _ => 1.0,
        };
        var baselines = new double[group.Count];
        if (group.Paths.Length == group.Count)
        {
            new PrefixTree(group.Paths, group.Rewards).AverageMeans(baselines);
        }
        else
        {
            Array.Fill(baselines, spread.Mean);
        }

        return PerRollout.Of(group, i => (group.Rewards[i] - baselines[i]) / divisor);
    }

    /// <summary>The nodes of a group's prefix tree as ranges of its rollouts in lexical order.</summary>
    private sealed class PrefixTree
    {
        private readonly double[] _rewards;
        private readonly int[] _order;
        private readonly int[] _common;
        private readonly double[] _sums;
        private readonly int[] _counts;

        public PrefixTree(int[][] paths, double[] rewards)
        {
            _rewards = rewards;
            _order = [.. Enumerable.Range(0, paths.Length).Order(Comparer<int>.Create((a, b) => paths[a].AsSpan().SequenceCompareTo(paths[b])))];
            _common = [.. _order.Skip(1).Select((r, i) => paths[_order[i]].AsSpan().CommonPrefixLength(paths[r]))];
            (_sums, _counts) = (new double[paths.Length + 1], new int[paths.Length + 1]);
            for (var i = 0; i < paths.Length; i++)
            {
                var reward = _rewards[_order[i]];
                _sums[i + 1] = _sums[i] + (double.IsNaN(reward) ? 0 : reward);
                _counts[i + 1] = _counts[i] + (double.IsNaN(reward) ? 0 : 1);
            }
        }

        /// <summary>For each rollout the average of its ancestors' mean rewards.</summary>
        public void AverageMeans(double[] result)
        {
            // Each boundary between neighbours opens the node at which they part; nodes of equal depth that touch are one.
            var (sums, depths) = (new double[_order.Length + 1], new int[_order.Length + 1]);
            foreach (var (first, end) in Nodes())
            {
                var count = _counts[end] - _counts[first];
                if (count >= 2)
                {
                    var mean = (_sums[end] - _sums[first]) / count;
                    (sums[first], sums[end]) = (sums[first] + mean, sums[end] - mean);
                    (depths[first], depths[end]) = (depths[first] + 1, depths[end] - 1);
                }
            }

            double sum = 0;
            var depth = 0;
            for (var i = 0; i < _order.Length; i++)
            {
                (sum, depth) = (sum + sums[i], depth + depths[i]);
                result[_order[i]] = depth > 0 ? sum / depth : 0;
            }
        }

        /// <summary>The intervals of the common-prefix array, each once, by a stack of open ones.</summary>
        private IEnumerable<(int First, int End)> Nodes()
        {
            var open = new Stack<(int Common, int First)>();
            for (var i = 0; i <= _common.Length; i++)
            {
                var common = i < _common.Length ? _common[i] : -1;
                var first = i;
                while (open.Count > 0 && open.Peek().Common > common)
                {
                    first = open.Pop().First;
                    yield return (first, i + 1);
                }

                if (common >= 0 && (open.Count == 0 || open.Peek().Common < common))
                {
                    open.Push((common, first));
                }
            }
        }
    }
}
