using RolloutLab.Recipes;

namespace RolloutLab.Engine;

/// <summary>
/// Which forks are due to be compared with their parents, and whether they stay. A fork, the age it is compared at and
/// both windows stay together, so a comparison that is left out moves no other verdict.
/// </summary>
internal sealed class LatrLookahead(LatrStrategySection section, IReadOnlySet<int> mathTokens)
{
    /// <summary>Reason of a fork too near to its parent in edit distance.</summary>
    public const string EditDistance = "edit_distance";

    /// <summary>Reason of a fork that ends like its parent.</summary>
    public const string SuffixMatch = "suffix_match";

    /// <summary>Reason of a fork that has too much of its parent in order.</summary>
    public const string RougeL = "rouge_l";

    private readonly int[] _ages = [.. section.Lookahead.Order()];
    private readonly int[] _next = new int[section.Lookahead.Count];
    private readonly List<(int Row, int Born)> _forks = [];
    private readonly int[] _child = new int[section.Lookahead.Max()];
    private readonly int[] _parent = new int[section.Lookahead.Max()];

    /// <summary>The greatest age at which forks are compared.</summary>
    public int MaxAge => _ages[^1];

    /// <summary>Notes a fork; they come in the order of their birth.</summary>
    public void Add(int row, int born) => _forks.Add((row, born));

    /// <summary>The forks that reach an age to be compared at when rows have a length, youngest age first.</summary>
    public IEnumerable<(int Row, int Age)> Due(int length)
    {
        for (var i = 0; i < _ages.Length; i++)
        {
            for (; _next[i] < _forks.Count && _forks[_next[i]].Born + _ages[i] <= length; _next[i]++)
            {
                yield return (_forks[_next[i]].Row, _ages[i]);
            }
        }
    }

    /// <summary>Why a fork goes at an age; null when it stays.</summary>
    public string? Verdict(GrowingTree tree, int row, int age)
    {
        var (born, parent) = (tree.ForkPosition(row), tree.Parent(row));
        var child = Window(tree, row, born, age, _child);
        var against = Window(tree, parent, born, age, _parent);
        var ended = Ends(tree, child, age) || Ends(tree, against, age);
        if ((ended && section.Pruning.EndWindow == LatrEndWindow.Skip)
            || (section.Pruning.ExemptMath && against.Length > 0 && mathTokens.Contains(against[0])))
        {
            return null;
        }

        var pruning = section.Pruning;
        return pruning.EditDistance > 0 && WindowSimilarity.EditDistance(child, against) < pruning.EditDistance ? EditDistance
            : pruning.SuffixMatch > 0 && WindowSimilarity.SuffixMatch(child, against) > pruning.SuffixMatch ? SuffixMatch
            : pruning.RougeL > 0 && WindowSimilarity.RougeL(child, against) > pruning.RougeL ? RougeL
            : null;
    }

    private static bool Ends(GrowingTree tree, ReadOnlySpan<int> window, int age) =>
        window.Length < age || window.ContainsAny(tree.StopTokenIds);

    private static ReadOnlySpan<int> Window(GrowingTree tree, int row, int start, int age, int[] buffer)
    {
        var window = buffer.AsSpan(0, Math.Min(age, tree.Length(row) - start));
        tree.CopyTokens(row, start, window);
        return window;
    }
}
