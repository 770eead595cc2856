namespace RolloutLab.Recipes;

/// <summary>The rules between keys of the loss.</summary>
internal static class LossRules
{
    public static void Check(SectionReader r, LossSection loss)
    {
        r.Check(
            () => loss.Policy is not GmpoLossSection || loss.Aggregation == LossAggregation.SeqMeanTokenMean, "aggregation",
            () => "gmpo is one value a sequence and has no token sums; must be seq_mean_token_mean");
        CheckSequenceLevel(r, loss);
        r.Check(
            () => loss.Kl.Placement == KlPlacement.Loss || !loss.Kl.Unbiased, "kl_unbiased",
            () => "needs a divergence in the loss; set kl_placement to loss");
        r.Check(
            () => loss.Kl.Coefficient > 0 || !loss.Kl.Unbiased, "kl_unbiased", () => "needs kl_coefficient above 0");
        r.Check(
            () => loss.ScaleLength == 0 || loss.Aggregation == LossAggregation.SeqMeanTokenSumNorm, "scale_length",
            () => "only seq_mean_token_sum_norm divides by a length; set loss.aggregation to it or leave this out");
    }

    private static void CheckSequenceLevel(SectionReader r, LossSection loss)
    {
        const string Rule = "its ratio belongs to whole sequences, so single tokens cannot be masked";
        r.Check(
            () => !loss.Policy.IsSequenceLevel || loss.TopEntropyQuantile >= 1, "top_entropy_quantile",
            () => $"does not go with loss.type {loss.Policy.Name}: {Rule}; leave it out");
        r.Check(
            () => !loss.Policy.IsSequenceLevel || loss.Correction is not { Level: CorrectionLevel.Token, Bound: CorrectionBound.Mask },
            "correction.level", () => $"a token-level mask does not go with loss.type {loss.Policy.Name}: {Rule}; use sequence or geometric");
        r.Check(
            () => !loss.Policy.IsSequenceLevel || loss.Correction?.Reject.Any(c => c.Level == RejectionLevel.Token) != true,
            "correction.reject", () => $"a token-level mask does not go with loss.type {loss.Policy.Name}: {Rule}; use seq_sum, seq_mean or seq_max");
    }
}
