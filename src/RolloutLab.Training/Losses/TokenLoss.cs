namespace RolloutLab.Training;

/// <summary>One token as a <see cref="TokenLoss"/> sees it.</summary>
/// <param name="LogProb">Its log-probability ℓ: the variable.</param>
/// <param name="OldLogProb">ℓ°, of the old policy.</param>
/// <param name="RolloutLogProb">μ, of the engine that sampled.</param>
/// <param name="Advantage">A.</param>
public readonly record struct LossToken(Dual LogProb, double OldLogProb, double RolloutLogProb, double Advantage)
{
    /// <summary>Largest log-ratio that is exponentiated.</summary>
    public const double LogRatioBound = 20;

    /// <summary>ℓ − ℓ°.</summary>
    public Dual LogRatio => LogProb - OldLogProb;

    /// <summary>The importance ratio r = exp(clamp(ℓ − ℓ°, ±20)).</summary>
    public Dual Ratio => Dual.Exp(Dual.Clamp(LogRatio, -LogRatioBound, LogRatioBound));
}

/// <summary>A policy loss whose every token depends on its own log-probability alone.</summary>
public abstract class TokenLoss : IPolicyLoss
{
    /// <inheritdoc/>
    public LossOutputs Compute(LossInputs inputs, Span<double> gradient)
    {
        var counts = default(LossCounts);
        var loss = 0.0;
        for (var t = 0; t < inputs.TokenCount; t++)
        {
            var token = new LossToken(Dual.Variable(inputs.LogProbs[t]), inputs.OldLogProbs[t], inputs.RolloutLogProbs[t], inputs.Advantages[t]);
            var x = Loss(token, ref counts);
            var factor = inputs.FactorOf(t);
            loss += factor * x.Value;
            gradient[t] = factor * x.Derivative;
        }

        return new LossOutputs(loss, counts);
    }

    /// <summary>The loss x of one token, with its derivative.</summary>
    protected abstract Dual Loss(LossToken token, ref LossCounts counts);
}
