namespace RolloutLab.Training;

/// <summary>
/// Difference between the engine's log-probs and the trainer's for the same tokens and parameters. Peers report it as
/// probabilities (<c>training/rollout_probs_diff_*</c>); log-probs are given too.
/// </summary>
internal sealed class LogProbMismatch
{
    private double _probSum;
    private double _probMax;
    private double _logSum;
    private double _logMax;
    private long _count;

    /// <summary>Starts a new comparison.</summary>
    public void Reset() => (_probSum, _probMax, _logSum, _logMax, _count) = (0, 0, 0, 0, 0);

    public void Observe(ReadOnlySpan<double> trainer, ReadOnlySpan<double> behaviour)
    {
        for (var i = 0; i < behaviour.Length; i++)
        {
            var probability = Math.Abs(Math.Exp(trainer[i]) - Math.Exp(behaviour[i]));
            var log = Math.Abs(trainer[i] - behaviour[i]);
            (_probSum, _probMax) = (_probSum + probability, Math.Max(_probMax, probability));
            (_logSum, _logMax) = (_logSum + log, Math.Max(_logMax, log));
        }

        _count += behaviour.Length;
    }

    public IEnumerable<KeyValuePair<string, double>> Rows()
    {
        if (_count == 0)
        {
            yield break;
        }

        yield return new("training/rollout_probs_diff_mean", _probSum / _count);
        yield return new("training/rollout_probs_diff_max", _probMax);
        yield return new("sampling/sampling_logp_difference/mean", _logSum / _count);
        yield return new("sampling/sampling_logp_difference/max", _logMax);
    }
}
