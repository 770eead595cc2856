namespace RolloutLab.Allocation;

/// <summary>
/// Fits a Beta prior to the counts of many prompts (empirical Bayes, by moments): what is true of most prompts is then
/// believed of those with few rollouts. Each prompt gives s/n, which has the mean of its rate, and, from two rollouts on,
/// sf/(n(n − 1)), which has the mean of p(1 − p), whatever n is; prompts count alike, because the number of rollouts of a
/// prompt is chosen by what is thought of it. From their means m and h follow Beta(κm, κ(1 − m)) and
/// κ/(κ + 1) = h/(m(1 − m)). Beta(½, ½) counts as <see cref="Weight"/> further prompts, so that few prompts move the prior
/// little and single rollouts move its mean alone. Counts may be faded ones. Sums depend on the order in the last digit.
/// </summary>
public struct BetaPriorFit
{
    /// <summary>Prompts that the prior of no knowledge counts as.</summary>
    public const double Weight = 16;

    // κ is kept from 1/64 to 64: beyond, a few prompts' luck would pass for certainty.
    private const double LeastShare = 1.0 / 65;

    private double _rates;
    private double _spreads;
    private long _prompts;
    private long _repeated;

    /// <summary>Takes in a prompt; one without rollouts says nothing.</summary>
    /// <param name="successes">s, at least 0.</param>
    /// <param name="failures">f, at least 0.</param>
    public void Add(double successes, double failures)
    {
        var count = successes + failures;
        if (count > 0)
        {
            _rates += successes / count;
            _prompts++;
        }

        if (count >= 2)
        {
            _spreads += successes * failures / (count * (count - 1));
            _repeated++;
        }
    }

    /// <summary>The prior.</summary>
    public readonly BetaPrior Prior
    {
        get
        {
            var mean = (_rates + (Weight / 2)) / (_prompts + Weight);
            var share = ((_spreads / (mean * (1 - mean))) + (Weight / 2)) / (_repeated + Weight);
            share = Math.Clamp(share, LeastShare, 1 - LeastShare);
            var concentration = share / (1 - share);
            return new BetaPrior(concentration * mean, concentration * (1 - mean));
        }
    }
}
