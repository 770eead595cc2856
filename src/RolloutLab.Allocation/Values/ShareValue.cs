namespace RolloutLab.Allocation;

/// <summary>
/// Shares in proportion to weights: the marginal of rollout n + 1 is weight / (n + ½), whose greedy is Sainte-Laguë's
/// apportionment. Equal weights share evenly.
/// </summary>
/// <param name="weights">Weight of each prompt, at least 0; borrowed.</param>
public sealed class ShareValue(double[] weights) : IRolloutValue
{
    /// <inheritdoc/>
    public int Count => weights.Length;

    /// <inheritdoc/>
    public double Value(int prompt, int rollouts)
    {
        var value = 0.0;
        for (var n = 0; n < rollouts; n++)
        {
            value += Marginal(prompt, n);
        }

        return value;
    }

    /// <inheritdoc/>
    public double Marginal(int prompt, int rollouts) => weights[prompt] / (rollouts + 0.5);

    /// <inheritdoc/>
    public bool IsConcaveFrom(int rollouts) => true;

    /// <inheritdoc/>
    public int Best(int prompt, double price, int low, int up)
    {
        if (price <= 0)
        {
            return up;
        }

        // weight / (n − ½) ≥ price; the exact marginal decides where rounding could.
        var n = (int)Math.Clamp(Math.Floor((weights[prompt] / price) + 0.5), low, up);
        while (n < up && Marginal(prompt, n) >= price)
        {
            n++;
        }

        while (n > low && Marginal(prompt, n - 1) < price)
        {
            n--;
        }

        return n;
    }
}
