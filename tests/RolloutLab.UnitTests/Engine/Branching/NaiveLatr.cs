using RolloutLab.Core;
using RolloutLab.Engine;

namespace RolloutLab.UnitTests.Engine;

/// <summary>
/// LATR with its default rules as the algorithm is written down: whole token lists, no engine, no blocks, edit distance
/// by the textbook table. What the engine grows must be this tree.
/// </summary>
internal sealed class NaiveLatr(
    Func<int[], double[]> model, Prompt prompt, GroupStreams streams, double minProbability, double maxGap, int[] ages, int maxNewTokens)
{
    private readonly List<Row> _rows = [];
    private int _roots;
    private int _branches;

    public sealed class Row
    {
        public required List<int> Tokens { get; init; }

        public required RandomStream Stream { get; init; }

        public Row? Parent { get; init; }

        public int Born { get; init; } = -1;

        public bool Removed { get; set; }
    }

    public IReadOnlyList<Row> Rows => _rows;

    public int Suppressed { get; private set; }

    /// <summary>The responses in the order in which their rows began.</summary>
    public List<int[]> Grow(int leaves, int width)
    {
        var tree = new List<Row> { NewRoot() };
        for (var i = width; i < leaves; i++)
        {
            SampleOn(NewRoot());
        }

        for (var position = 0; ; position++)
        {
            var live = tree.Where(r => !r.Removed && !Ended(r)).ToList();
            var taken = tree.Count(r => !r.Removed);
            if (live.Count == 0)
            {
                break;
            }

            var settled = position > 0 && !live.Exists(r => r.Born >= 0 && r.Born + ages.Max() >= position - 1);
            if (settled && taken >= (int)Math.Round(width * 0.98, MidpointRounding.ToEven))
            {
                live.ForEach(SampleOn);
                break;
            }

            Advance(tree, live, width - taken, position);
        }

        while (_rows.Count(r => !r.Removed) < leaves)
        {
            SampleOn(NewRoot());
        }

        return [.. _rows.Where(r => !r.Removed).Select(r => r.Tokens.ToArray())];
    }

    public static double Levenshtein(int[] a, int[] b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                table[i, j] = i == 0 ? j : j == 0 ? i : Math.Min(
                    Math.Min(table[i - 1, j] + 1, table[i, j - 1] + 1), table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            }
        }

        return table[a.Length, b.Length];
    }

    private void Advance(List<Row> tree, List<Row> live, int places, int position)
    {
        var proposals = live.Select(row => (row, Best: Top(row, 0), Other: Top(row, 1)))
            .Where(p => p.Other.Probability > (float)minProbability && p.Best.Probability - p.Other.Probability < (float)maxGap)
            .OrderByDescending(p => p.Other.Probability).ThenBy(p => _rows.IndexOf(p.row)).ToList();
        Suppressed += Math.Max(0, proposals.Count - places);
        foreach (var (row, _, other) in proposals.Take(Math.Max(0, places)))
        {
            var child = new Row
            {
                Tokens = [.. row.Tokens, other.TokenId],
                Stream = streams.Branch(_branches++),
                Parent = row,
                Born = position,
            };
            _rows.Add(child);
            tree.Add(child);
        }

        live.ForEach(row => row.Tokens.Add(Top(row, 0).TokenId));
        foreach (var age in ages)
        {
            foreach (var row in tree.Where(r => !r.Removed && r.Born >= 0 && r.Born == position + 1 - age))
            {
                if (IsSimilar(row, age))
                {
                    Remove(row);
                }
            }
        }
    }

    private static bool IsSimilar(Row row, int age)
    {
        int[] a = [.. row.Tokens.Skip(row.Born).Take(age)], b = [.. row.Parent!.Tokens.Skip(row.Born).Take(age)];
        return a.Length == age && b.Length == age && !a.Contains(0) && !b.Contains(0) && Levenshtein(a, b) / age < 0.4;
    }

    private void Remove(Row row)
    {
        row.Removed = true;
        _rows.Where(r => r.Parent == row && !r.Removed).ToList().ForEach(Remove);
    }

    private Row NewRoot()
    {
        var row = new Row { Tokens = [], Stream = streams.Root(_roots++) };
        _rows.Add(row);
        return row;
    }

    private void SampleOn(Row row)
    {
        while (!Ended(row))
        {
            row.Tokens.Add(TableRunner.Draw(Next(row), row.Stream.Uniform(row.Tokens.Count)));
        }
    }

    private bool Ended(Row row) => row.Tokens.Count == maxNewTokens || (row.Tokens.Count > 0 && row.Tokens[^1] == 0);

    private double[] Next(Row row) => model([.. prompt.TokenIds, .. row.Tokens]);

    private TopToken Top(Row row, int rank) => TableRunner.Top(Next(row), rank);
}
