namespace RolloutLab.Allocation;

/// <summary>Any values that never fall: a table with one row a prompt.</summary>
public sealed class TableValue : IRolloutValue
{
    private readonly double[][] _rows;
    private readonly int[] _concaveFrom;

    /// <summary>Takes the table.</summary>
    /// <param name="rows"><c>rows[i][n]</c> is the value of n rollouts of prompt i; row i has its greatest count + 1 entries. Borrowed.</param>
    /// <exception cref="ArgumentException">A row falls, starts below 0, is empty or holds NaN.</exception>
    public TableValue(double[][] rows)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            for (var n = 0; n < rows[i].Length; n++)
            {
                if (!(rows[i][n] >= (n == 0 ? 0 : rows[i][n - 1])))
                {
                    throw new ArgumentException($"The values of prompt {i} fall at {n} rollouts.", nameof(rows));
                }
            }
        }

        (_rows, _concaveFrom) = (rows, rows.Select(ConcaveFrom).ToArray());
    }

    /// <inheritdoc/>
    public int Count => _rows.Length;

    /// <inheritdoc/>
    public double Value(int prompt, int rollouts) => _rows[prompt][rollouts];

    /// <inheritdoc/>
    public double Marginal(int prompt, int rollouts) => _rows[prompt][rollouts + 1] - _rows[prompt][rollouts];

    /// <inheritdoc/>
    public bool IsConcaveFrom(int rollouts) => _concaveFrom.All(from => from <= rollouts);

    /// <inheritdoc/>
    public int Best(int prompt, double price, int low, int up)
    {
        var (best, row) = (low, _rows[prompt]);
        if (low >= _concaveFrom[prompt])
        {
            // By marginals: differences of values lose prices too small for their digits.
            while (best < up && Marginal(prompt, best) >= price)
            {
                best++;
            }

            return best;
        }

        for (var n = low + 1; n <= up; n++)
        {
            if (row[n] - (price * n) >= row[best] - (price * best))
            {
                best = n;
            }
        }

        return best;
    }

    private static int ConcaveFrom(double[] row)
    {
        var n = Math.Max(0, row.Length - 2);
        while (n > 0 && row[n + 1] - row[n] <= row[n] - row[n - 1])
        {
            n--;
        }

        return n;
    }
}
