namespace RolloutLab.Allocation;

/// <summary>
/// What rollouts of each prompt are worth: a table V(i, n), never falling in n, given by a formula. Implementations are
/// immutable, and their numbers are pure functions of prompt and count.
/// </summary>
public interface IRolloutValue
{
    /// <summary>Number of prompts.</summary>
    int Count { get; }

    /// <summary>V(prompt, rollouts), at least 0; 0 for no rollouts.</summary>
    double Value(int prompt, int rollouts);

    /// <summary>Writes V(prompt, n) to <c>row[n]</c> for every n the row has room for.</summary>
    void Fill(int prompt, Span<double> row)
    {
        for (var n = 0; n < row.Length; n++)
        {
            row[n] = Value(prompt, n);
        }
    }

    /// <summary>V(prompt, rollouts + 1) − V(prompt, rollouts), at least 0, accurate where the difference of values is not.</summary>
    double Marginal(int prompt, int rollouts);

    /// <summary>Whether no prompt's marginal ever rises from this number of rollouts on.</summary>
    bool IsConcaveFrom(int rollouts);

    /// <summary>The number of rollouts in [low, up] that maximises V(prompt, n) − price·n; the largest such number.</summary>
    int Best(int prompt, double price, int low, int up);
}
