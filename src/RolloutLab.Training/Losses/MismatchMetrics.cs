namespace RolloutLab.Training;

/// <summary>
/// How far the trainer's log-probabilities are from the engine's, with D = ℓ_train − μ, under verl's names: the two KL
/// estimates, perplexities, and the χ² divergences of tokens and sequences. Above 0.1 (KL) or 1 (χ²) training is at risk.
/// </summary>
internal static class MismatchMetrics
{
    private const double LogBound = 20;

    public static void Observe(ReadOnlySpan<double> trainer, ReadOnlySpan<double> rollout, ReadOnlySpan<int> cuSeqLens, MetricSums metrics)
    {
        double k1 = 0, k3 = 0, chiToken = 0, chiSequence = 0, trainerPpl = 0, rolloutPpl = 0, logPplDifference = 0, sequences = 0;
        for (var s = 0; s < cuSeqLens.Length - 1; s++)
        {
            var (first, end) = (cuSeqLens[s], cuSeqLens[s + 1]);
            double trainerSum = 0, rolloutSum = 0;
            for (var t = first; t < end; t++)
            {
                var d = Math.Clamp(trainer[t] - rollout[t], -LogBound, LogBound);
                k1 -= d;
                k3 += Math.Exp(d) - d - 1;
                chiToken += Math.Exp(2 * d);
                (trainerSum, rolloutSum) = (trainerSum + trainer[t], rolloutSum + rollout[t]);
            }

            if (end > first)
            {
                var length = end - first;
                sequences++;
                chiSequence += Math.Exp(2 * Math.Clamp(trainerSum - rolloutSum, -LogBound, LogBound));
                trainerPpl += Math.Exp(-trainerSum / length);
                rolloutPpl += Math.Exp(-rolloutSum / length);
                logPplDifference += (rolloutSum - trainerSum) / length;
            }
        }

        var tokens = trainer.Length;
        metrics.AddSum("rollout_corr/kl", k1, tokens);
        metrics.AddSum("rollout_corr/k3_kl", k3, tokens);
        metrics.AddSum("rollout_corr/training_ppl", trainerPpl, sequences);
        metrics.AddSum("rollout_corr/rollout_ppl", rolloutPpl, sequences);
        metrics.AddSum("rollout_corr/log_ppl_diff", logPplDifference, sequences);
        metrics.AddSum("rollout_corr/chi2_token", chiToken, tokens, offset: 1);
        metrics.AddSum("rollout_corr/chi2_seq", chiSequence, sequences, offset: 1);
    }
}
