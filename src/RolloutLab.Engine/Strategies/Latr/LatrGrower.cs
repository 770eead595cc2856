using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Engine;

/// <summary>Grows the lookahead tree of one prompt beside its plain samples. All rows of the tree have the same length.</summary>
internal sealed class LatrGrower(
    LatrStrategySection section, int width, LatrStop stop, int group, IReadOnlySet<int> mathTokens) : ITreeGrower
{
    /// <summary>Reason of a row whose parent was pruned.</summary>
    public const string ParentPruned = "parent_pruned";

    /// <summary>Reason of a leaf that the group has no place for.</summary>
    public const string Surplus = "surplus";

    private readonly LatrLookahead _lookahead = new(section, mathTokens);
    private readonly List<LatrProposal> _proposals = [];
    private readonly List<int> _rows = [];
    private readonly HashSet<int> _forking = [];
    private readonly Dictionary<int, List<int>> _children = [];
    private int _root = -1;
    private int _finished;

    private int Taken => _rows.Count + (section.FinishedHoldPlace ? _finished : 0);

    /// <inheritdoc/>
    public void Start(GrowingTree tree)
    {
        if (width > 0)
        {
            _root = tree.Plant(holdAt: 0);
            _rows.Add(_root);
        }

        for (var i = width; i < tree.Leaves; i++)
        {
            tree.Plant(GrowingTree.Never);
        }

        if (width == 0)
        {
            tree.Settle();
        }
    }

    /// <inheritdoc/>
    public bool Decide(GrowingTree tree)
    {
        var position = tree.Length(_rows[0]);
        if (position > 0)
        {
            var youngest = _rows.Max(row => row == _root ? -1 : tree.ForkPosition(row));
            stop.Tell(group, position - 1, Taken, youngest, tree.MaxNewTokens);
            switch (stop.Verdict(position - 1, _lookahead.MaxAge))
            {
                case null:
                    return false;
                case true:
                    SampleOn(tree);
                    return true;
            }
        }

        Propose(tree);
        var isFull = Taken >= width;
        var rows = _rows.Count;
        Fork(tree, position);
        for (var i = 0; i < rows; i++)
        {
            TakeToken(tree, _rows[i], position, isFull);
        }

        DropFinished(tree);
        Prune(tree, position + 1);
        if (tree.SaturatedAt < 0 && Taken >= width)
        {
            tree.SaturatedAt = position + 1;
        }

        return true;
    }

    /// <inheritdoc/>
    public void Rest(GrowingTree tree)
    {
        stop.Done(group);
        Complete(tree);
    }

    /// <summary>Lists the tokens, beside each row's most probable one, that qualify for a fork, in the order in which they get places.</summary>
    private void Propose(GrowingTree tree)
    {
        _proposals.Clear();
        _forking.Clear();
        foreach (var row in _rows)
        {
            var top = tree.Top(row);
            for (var rank = 1; rank < top.Length; rank++)
            {
                var gap = top[0].Probability - top[rank].Probability;
                var isNear = section.GapRule == LatrGapRule.Below ? gap < section.MaxGap : gap > section.MaxGap;
                if (top[rank].TokenId >= 0 && top[rank].Probability > section.MinProbability && isNear)
                {
                    _proposals.Add(new LatrProposal(row, rank, top[rank].TokenId, top[rank].Probability));
                }
            }
        }

        _proposals.Sort(section.ForkOrder == LatrForkOrder.Probability ? LatrProposal.ByProbability : LatrProposal.ByRowAge);
    }

    private void Fork(GrowingTree tree, int position)
    {
        var places = Math.Clamp(width - Taken, 0, _proposals.Count);
        tree.Suppressed += _proposals.Count - places;
        foreach (var proposal in _proposals.Take(places))
        {
            var child = tree.Fork(proposal.Row, proposal.Rank, position + 1);
            _forking.Add(proposal.Row);
            _lookahead.Add(child, position);
            _rows.Add(child);
            (_children.TryGetValue(proposal.Row, out var siblings) ? siblings : _children[proposal.Row] = []).Add(child);
        }
    }

    private void TakeToken(GrowingTree tree, int row, int position, bool isFull)
    {
        var samples = !_forking.Contains(row) && section.SoloToken switch
        {
            LatrSoloToken.Greedy => false,
            LatrSoloToken.SampleWhenFull => isFull,
            LatrSoloToken.Sample => !_proposals.Exists(p => p.Row == row),
            _ => throw new ArgumentOutOfRangeException(nameof(row), section.SoloToken, "unknown rule"),
        };
        if (samples)
        {
            tree.Take(row, position + 1);
        }
        else
        {
            tree.TakeTop(row, 0, position + 1);
        }
    }

    private void DropFinished(GrowingTree tree) => _finished += _rows.RemoveAll(tree.IsFinished);

    /// <summary>Compares the forks that are old enough with their parents; what goes takes all that forked from it along.</summary>
    private void Prune(GrowingTree tree, int length)
    {
        foreach (var (row, age) in _lookahead.Due(length))
        {
            if (!tree.IsRemoved(row) && _lookahead.Verdict(tree, row, age) is { } reason)
            {
                Remove(tree, row, reason);
            }
        }
    }

    private void Remove(GrowingTree tree, int row, string reason)
    {
        if (tree.IsRemoved(row))
        {
            return;
        }

        _finished -= tree.IsFinished(row) ? 1 : 0;
        _rows.Remove(row);
        tree.Remove(row, reason);
        foreach (var child in _children.GetValueOrDefault(row) ?? [])
        {
            Remove(tree, child, ParentPruned);
        }
    }

    /// <summary>Ends the tree phase: each row keeps what was drawn for it and goes on by itself.</summary>
    private void SampleOn(GrowingTree tree)
    {
        stop.Done(group);
        foreach (var row in _rows)
        {
            tree.Take(row, GrowingTree.Never);
        }

        Complete(tree);
    }

    /// <summary>Fills the places that stayed empty, or empties those that are too many.</summary>
    private void Complete(GrowingTree tree)
    {
        for (var row = tree.RowCount - 1; tree.GrowingCount + tree.FinishedCount > tree.Leaves; row--)
        {
            tree.Remove(row, Surplus);
        }

        var filled = 0;
        while (tree.GrowingCount + tree.FinishedCount < tree.Leaves)
        {
            Fill(tree, filled++);
        }

        tree.Settle();
    }

    private void Fill(GrowingTree tree, int ordinal)
    {
        switch (section.Fill)
        {
            case LatrFill.DuplicateRoot:
                tree.Duplicate(_root);
                break;
            case LatrFill.Row when RandomRow(tree, ordinal) is var row:
                tree.Resample(row, tree.Choices.Below((2L * ordinal) + 1, tree.Length(row)), GrowingTree.Never, BranchKind.Fill);
                break;
            default:
                tree.Plant(GrowingTree.Never, BranchKind.Fill);
                break;
        }
    }

    /// <summary>One of the tree's rows that stayed; the first always does.</summary>
    private int RandomRow(GrowingTree tree, int ordinal)
    {
        var rows = new List<int> { _root };
        for (var i = 0; i < rows.Count; i++)
        {
            rows.AddRange((_children.GetValueOrDefault(rows[i]) ?? []).Where(child => !tree.IsRemoved(child)));
        }

        return rows[tree.Choices.Below(2L * ordinal, rows.Count)];
    }
}

/// <summary>A token that qualifies for a fork.</summary>
internal readonly record struct LatrProposal(int Row, int Rank, int TokenId, float Probability)
{
    /// <summary>The most probable first; among equals the oldest row's, then the lower id.</summary>
    public static Comparison<LatrProposal> ByProbability { get; } = static (a, b) =>
        (b.Probability, a.Row, a.TokenId).CompareTo((a.Probability, b.Row, b.TokenId));

    /// <summary>By rank, then the oldest row's first.</summary>
    public static Comparison<LatrProposal> ByRowAge { get; } = static (a, b) => (a.Rank, a.Row).CompareTo((b.Rank, b.Row));
}
