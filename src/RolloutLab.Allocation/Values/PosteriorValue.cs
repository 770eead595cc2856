namespace RolloutLab.Allocation;

/// <summary>
/// The published value of rollouts averaged over what is not known about the success rate: E[Value(n, p)] for
/// p ~ Beta(a, b). Every term is a moment E[pʲ(1−p)ᵏ] = B(a+j, b+k)/B(a, b), a product of ratios that is carried from n
/// to n + 1, so nothing cancels and no gamma function is needed.
/// </summary>
/// <param name="successes">a of each prompt, above 0; borrowed.</param>
/// <param name="failures">b of each prompt, above 0; borrowed.</param>
public sealed class PosteriorValue(double[] successes, double[] failures) : IRolloutValue
{
    /// <inheritdoc/>
    public int Count => successes.Length;

    /// <inheritdoc/>
    public double Value(int prompt, int rollouts)
    {
        var walk = new Walk(successes[prompt], failures[prompt]);
        var value = 0.0;
        for (; walk.Rollouts < rollouts; walk.Advance())
        {
            value += walk.Marginal;
        }

        return value;
    }

    /// <inheritdoc/>
    public void Fill(int prompt, Span<double> row)
    {
        row[..Math.Min(row.Length, 2)].Clear();
        var walk = new Walk(successes[prompt], failures[prompt]);
        for (var n = 2; n < row.Length; n++, walk.Advance())
        {
            row[n] = row[n - 1] + walk.Marginal;
        }
    }

    /// <inheritdoc/>
    public double Marginal(int prompt, int rollouts)
    {
        if (rollouts < 1)
        {
            return 0;
        }

        var walk = new Walk(successes[prompt], failures[prompt]);
        while (walk.Rollouts < rollouts)
        {
            walk.Advance();
        }

        return walk.Marginal;
    }

    /// <inheritdoc/>
    public bool IsConcaveFrom(int rollouts) => rollouts >= 1;

    /// <inheritdoc/>
    public int Best(int prompt, double price, int low, int up)
    {
        if (price <= 0)
        {
            return up;
        }

        var walk = new Walk(successes[prompt], failures[prompt]);
        var start = Math.Min(Math.Max(low, 1), up);
        var surplus = -price;
        for (; walk.Rollouts < start; walk.Advance())
        {
            surplus += walk.Marginal - price;
        }

        for (; walk.Rollouts < up && walk.Marginal >= price; walk.Advance())
        {
            surplus += walk.Marginal - price;
        }

        return low > 0 || surplus >= 0 ? Math.Min(walk.Rollouts, up) : 0;
    }

    /// <summary>Marginals E[pⁿ⁺¹(1−p)³] + E[p²(1−p)ⁿ⁺²] from n = 1 on.</summary>
    private struct Walk
    {
        private readonly double _a;
        private readonly double _b;
        private double _allRight;
        private double _allWrong;

        public Walk(double a, double b)
        {
            var sum = a + b;
            (_a, _b, Rollouts) = (a, b, 1);
            _allRight = a / sum * ((a + 1) / (sum + 1)) * (b / (sum + 2)) * ((b + 1) / (sum + 3)) * ((b + 2) / (sum + 4));
            _allWrong = _allRight;
        }

        public int Rollouts { get; private set; }

        public readonly double Marginal => _allRight + _allWrong;

        public void Advance()
        {
            var total = _a + _b + Rollouts + 4;
            _allRight *= (_a + Rollouts + 1) / total;
            _allWrong *= (_b + Rollouts + 2) / total;
            Rollouts++;
        }
    }
}
