using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>Success measures of several rollouts a prompt.</summary>
public static class PassAtK
{
    /// <summary>
    /// Unbiased pass@k (Chen et al., arXiv 2107.03374): 1 − C(n−c, k) / C(n, k), the probability that k of the n
    /// rollouts, drawn without replacement, hold at least one of the c correct ones.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Unless 1 ≤ k ≤ n and 0 ≤ c ≤ n.</exception>
    public static double Unbiased(int n, int c, int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, n);
        ArgumentOutOfRangeException.ThrowIfNegative(c);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(c, n);
        var allWrong = 1.0;
        for (var i = 0; i < k; i++)
        {
            allWrong *= Math.Max(0, n - c - i) / (double)(n - i);
        }

        return 1 - allWrong;
    }

    /// <summary>
    /// maj@n: whether the most frequent answer is correct. Rollouts without an answer do not vote; on a tie the answer
    /// seen first wins. False when nobody votes.
    /// </summary>
    public static bool Majority(IReadOnlyList<Verdict> verdicts)
    {
        var votes = new Dictionary<string, (int Count, int First)>(StringComparer.Ordinal);
        for (var i = 0; i < verdicts.Count; i++)
        {
            if (verdicts[i].Answer is { } answer)
            {
                votes[answer] = votes.TryGetValue(answer, out var vote) ? (vote.Count + 1, vote.First) : (1, i);
            }
        }

        return votes.Count > 0 && verdicts[votes.Values.MinBy(v => (-v.Count, v.First)).First].IsCorrect;
    }
}
