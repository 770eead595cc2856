namespace RolloutLab.Data;

/// <summary>A problem of a Countdown file.</summary>
/// <param name="Id">Unique in its file.</param>
/// <param name="Problem">Numbers and target.</param>
/// <param name="Difficulty">Grade from 1 (easiest) to 5, see <see cref="CountdownDifficulty"/>.</param>
/// <param name="Solution">One expression that reaches the target.</param>
public sealed record CountdownExample(string Id, CountdownProblem Problem, int Difficulty, string Solution);

/// <summary>A generated pair of sets that share no problem, not even as a permutation of its numbers.</summary>
/// <param name="Train">Problems to train on; each prompt text occurs once, permutations of one problem may.</param>
/// <param name="HeldOut">Problems to evaluate on, in random order, no two permutations of each other.</param>
public sealed record CountdownDataset(IReadOnlyList<CountdownExample> Train, IReadOnlyList<CountdownExample> HeldOut);

/// <summary>
/// Grades a problem by how rarely blind search would solve it: by the share of all its chains that reach the target.
/// More numbers mean more chains, so the count of numbers is part of the grade.
/// </summary>
public static class CountdownDifficulty
{
    /// <summary>Hardest grade.</summary>
    public const int Hardest = 5;

    /// <summary>
    /// Grade of a solvable problem: 1 if at least 1 chain in 8 solves it, 2 if 1 in 16, 3 if 1 in 32, 4 if 1 in 64, else 5.
    /// </summary>
    /// <exception cref="ArgumentException">The problem has no solution.</exception>
    public static int Grade(CountdownSearchResult search)
    {
        ArgumentNullException.ThrowIfNull(search);
        if (search.Solutions.Count == 0)
        {
            throw new ArgumentException("a problem without solution has no grade", nameof(search));
        }

        var grade = 1;
        for (var oneIn = 8L; grade < Hardest && search.Solutions.Count * oneIn < search.ChainCount; oneIn *= 2)
        {
            grade++;
        }

        return grade;
    }
}
