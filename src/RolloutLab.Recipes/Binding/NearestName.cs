namespace RolloutLab.Recipes;

/// <summary>Finds what a misspelt name was probably meant to be.</summary>
public static class NearestName
{
    // Longer names are nonsense anyway, and comparing them costs the square of their length.
    private const int MaxLength = 64;

    /// <summary>The candidate closest to a name, or null when none is close.</summary>
    public static string? Find(string name, IEnumerable<string> candidates)
    {
        if (name.Length is 0 or > MaxLength)
        {
            return null;
        }

        string folded = Fold(name);
        (string? nearest, int best) = (null, Math.Max(1, name.Length / 3) + 1);
        foreach (string candidate in candidates)
        {
            int distance = Distance(folded, Fold(candidate));
            if (distance < best)
            {
                (nearest, best) = (candidate, distance);
            }
        }

        return nearest;
    }

    private static string Fold(string name) => name.ToLowerInvariant().Replace('-', '_');

    /// <summary>Fewest insertions, deletions, replacements and swaps of neighbours that turn one text into the other.</summary>
    private static int Distance(string a, string b)
    {
        int[,] cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            cost[i, 0] = i;
        }

        for (int j = 0; j <= b.Length; j++)
        {
            cost[0, j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int replace = cost[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                cost[i, j] = Math.Min(replace, 1 + Math.Min(cost[i - 1, j], cost[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[a.Length, b.Length];
    }
}
