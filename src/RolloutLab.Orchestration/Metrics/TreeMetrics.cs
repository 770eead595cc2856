using System.Runtime.InteropServices;
using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>
/// How a step's rollouts branched and how different they came out. The measures of difference stand for plain sampling
/// too, so that both can be compared; means are over the groups that have rollouts.
/// </summary>
public static class TreeMetrics
{
    /// <summary>Pairs of a group whose edit distance is computed, so that large groups cost no more.</summary>
    private const int PairsPerGroup = 128;

    /// <summary>The rows, in a fixed order.</summary>
    /// <param name="groups">The step's groups.</param>
    /// <param name="withDifferences">Whether to measure how different a group's rollouts are, which takes their tokens.</param>
    public static IEnumerable<KeyValuePair<string, double>> Of(IReadOnlyList<GradedGroup> groups, bool withDifferences = true)
    {
        var trees = groups.Select(g => g.Group.Tree).ToList();
        var branches = trees.SelectMany(t => t.Branches).ToList();
        yield return new("tree/branches", branches.Count(b => b.Kind is BranchKind.Forced or BranchKind.Sampled));
        yield return new("tree/pruned", branches.Count(b => b.RemovedFor is not null));
        foreach (var reason in branches.Where(b => b.RemovedFor is not null).GroupBy(b => b.RemovedFor!).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            yield return new($"tree/pruned/{reason.Key}", reason.Count());
        }

        yield return new("tree/suppressed", trees.Sum(t => t.Suppressed));
        yield return new("tree/filled", branches.Count(b => b.Kind == BranchKind.Fill));
        var saturated = trees.Where(t => t.SaturatedAt >= 0).ToList();
        yield return new("tree/saturated_ratio", (double)saturated.Count / Math.Max(1, trees.Count));
        if (saturated.Count > 0)
        {
            yield return new("tree/saturation_position/mean", saturated.Average(t => t.SaturatedAt));
        }

        foreach (var row in Origins(groups).Concat(withDifferences ? Differences(groups) : []))
        {
            yield return row;
        }
    }

    private static IEnumerable<KeyValuePair<string, double>> Origins(IReadOnlyList<GradedGroup> groups)
    {
        long tokens = 0, forced = 0, greedy = 0;
        foreach (var rollout in groups.SelectMany(g => g.Group.Rollouts))
        {
            tokens += rollout.Length;
            forced += rollout.Origins.AsSpan().Count(TokenOrigin.Forced);
            greedy += rollout.Origins.AsSpan().Count(TokenOrigin.Greedy);
        }

        yield return new("tree/forced_ratio", (double)forced / Math.Max(1, tokens));
        yield return new("tree/greedy_ratio", (double)greedy / Math.Max(1, tokens));
    }

    private static IEnumerable<KeyValuePair<string, double>> Differences(IReadOnlyList<GradedGroup> groups)
    {
        var filled = groups.Where(g => g.Count > 0).ToList();
        if (filled.Count > 0)
        {
            yield return new("tree/distinct_answers/mean", filled.Average(g => (double)g.Verdicts.Select(v => v.Answer).Where(a => a is not null).Distinct().Count()));
            yield return new("tree/distinct_leaves/mean", filled.Average(g => (double)DistinctLeaves(g.Group)));
        }

        var several = groups.Where(g => g.Count > 1).ToList();
        if (several.Count > 0)
        {
            yield return new("tree/edit_distance/mean", several.Average(g => MeanDistance(g.Group.Rollouts)));
        }
    }

    private static int DistinctLeaves(RolloutGroup group) => group.Rollouts.Select(r => r.TokenIds).Distinct(TokenComparer.Instance).Count();

    /// <summary>Mean edit distance, by the longer length, of all pairs, or of pairs spread evenly over all where those are too many.</summary>
    private static double MeanDistance(IReadOnlyList<Rollout> rollouts)
    {
        var all = (long)rollouts.Count * (rollouts.Count - 1) / 2;
        var pairs = (int)Math.Min(all, PairsPerGroup);
        var sum = 0.0;
        for (var pair = 0; pair < pairs; pair++)
        {
            // The pairs (0,1), (0,2), (1,2), (0,3), ...: those with the second member j begin at j (j - 1) / 2.
            var ordinal = all * pair / pairs;
            var second = (int)((1 + Math.Sqrt(1 + (8.0 * ordinal))) / 2);
            var first = (int)(ordinal - ((long)second * (second - 1) / 2));
            var (a, b) = (rollouts[first].TokenIds, rollouts[second].TokenIds);
            sum += (double)EditDistance.Between(a, b) / Math.Max(1, Math.Max(a.Length, b.Length));
        }

        return sum / pairs;
    }

    private sealed class TokenComparer : IEqualityComparer<int[]>
    {
        public static TokenComparer Instance { get; } = new();

        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] tokens)
        {
            var hash = default(HashCode);
            hash.AddBytes(MemoryMarshal.AsBytes<int>(tokens));
            return hash.ToHashCode();
        }
    }
}
