using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>
/// The rows of one prompt as a branch policy sees and changes them. Rows have ids from 0 in the order in which they
/// began. Forking and removing share and return KV blocks and copy no token; both are O(blocks).
/// </summary>
public sealed class GrowingTree
{
    /// <summary>Position at which a row is held that never is.</summary>
    public const int Never = Sequence.Free;

    private readonly SequenceGroup _group;
    private readonly List<int> _held = [];
    private RandomStream? _choices;
    private int _roots;
    private int _branches;
    private int _drawn;

    internal GrowingTree(SequenceGroup group) => _group = group;

    /// <summary>Responses wanted.</summary>
    public int Leaves => _group.Leaves;

    /// <summary>Most response tokens of a row.</summary>
    public int MaxNewTokens => _group.MaxNewTokens;

    /// <summary>The tokens that end a row.</summary>
    public ReadOnlySpan<int> StopTokenIds => _group.StopTokenIds;

    /// <summary>Rows there were, those removed included.</summary>
    public int RowCount => _group.Sequences.Count;

    /// <summary>Rows that have not ended.</summary>
    public int GrowingCount { get; private set; }

    /// <summary>Rows that ended and were not removed.</summary>
    public int FinishedCount { get; private set; }

    /// <summary>Rows that are held, by id; in <see cref="ITreeGrower.Decide"/> each of them has its draw.</summary>
    public IReadOnlyList<int> Held => _held;

    /// <summary>Forks that were wanted but had no place; counted by the policy.</summary>
    public int Suppressed { get; set; }

    /// <summary>Response tokens when the tree first was full; -1 before; noted by the policy.</summary>
    public int SaturatedAt { get; set; } = -1;

    /// <summary>The policy's own random numbers.</summary>
    public RandomStream Choices => _choices ??= _group.Streams.Choices();

    /// <summary>Whether no row will be added any more.</summary>
    public bool IsSettled { get; private set; }

    internal bool AllDrawn => _drawn == _held.Count;

    internal Scheduler? Scheduler { get; set; }

    /// <summary>Rows that may still join: places of the group that are not taken.</summary>
    internal int Unborn => IsSettled ? 0 : Math.Max(0, Leaves - GrowingCount - FinishedCount);

    /// <summary>Whether a row has ended.</summary>
    public bool IsFinished(int row) => Row(row).FinishReason is not null;

    /// <summary>Whether a row was removed.</summary>
    public bool IsRemoved(int row) => Row(row).RemovedFor is not null;

    /// <summary>Response tokens of a row.</summary>
    public int Length(int row) => Row(row).Length;

    /// <summary>The row a row forked from; -1 for the prompt.</summary>
    public int Parent(int row) => Row(row).Fork.Parent?.Id ?? -1;

    /// <summary>Response tokens a row has in common with its parent.</summary>
    public int ForkPosition(int row) => Row(row).Fork.Length;

    /// <summary>Copies response tokens of a row from a position on.</summary>
    public void CopyTokens(int row, int first, Span<int> destination) => Row(row).CopyTokens(first, destination);

    /// <summary>Log-probability a row's response token was drawn with.</summary>
    public float LogProb(int row, int position) => Row(row).LogProbAt(position);

    /// <summary>What was drawn for a held row.</summary>
    public SampledToken Drawn(int row) => Row(row).Held!.Value;

    /// <summary>The most probable tokens for a held row, the most probable first.</summary>
    public ReadOnlySpan<TopToken> Top(int row) => Row(row).Top;

    /// <summary>Starts a row at the prompt.</summary>
    /// <param name="holdAt">Position at which it is held, from 0; <see cref="Never"/> for not.</param>
    /// <param name="kind">Root, or fill for one that takes a place the tree left empty.</param>
    /// <returns>The row.</returns>
    public int Plant(int holdAt, BranchKind kind = BranchKind.Root)
    {
        var index = _roots++;
        var stream = index < Leaves ? _group.Streams.Root(index) : NextBranchStream();
        return Admit(_group.Add(stream, SequenceFork.Root with { Kind = kind }), holdAt);
    }

    /// <summary>Forks a held row on one of its most probable tokens; the new row has the held row's tokens and that one.</summary>
    /// <param name="row">A held row with its draw, not yet taken.</param>
    /// <param name="rank">Which of <see cref="Top"/>.</param>
    /// <param name="holdAt">Position at which the new row is held, above the held row's length; <see cref="Never"/> for not.</param>
    /// <returns>The new row; it may be finished.</returns>
    public int Fork(int row, int rank, int holdAt)
    {
        var parent = Row(row);
        var token = parent.Top[rank];
        var fork = new SequenceFork(parent, parent.Length, BranchKind.Forced, token.Probability);
        var child = _group.Add(NextBranchStream(), fork);
        child.Append(new SampledToken(token.TokenId, token.LogProb), OriginOf(rank));
        return Admit(child, holdAt);
    }

    /// <summary>Starts a row with the first tokens of another; what follows them is drawn anew.</summary>
    /// <param name="row">Any row, finished, removed or not.</param>
    /// <param name="length">Tokens to take over, from 0 to the row's length; below it where the row has ended.</param>
    /// <param name="holdAt">Position at which the new row is held, at least the length; <see cref="Never"/> for not.</param>
    /// <param name="kind">Sampled, or fill for one that takes a place the tree left empty.</param>
    /// <returns>The new row.</returns>
    public int Resample(int row, int length, int holdAt, BranchKind kind = BranchKind.Sampled)
    {
        if (length == 0)
        {
            return Plant(holdAt, kind);
        }

        var source = Row(row);
        var probability = length < source.Length ? MathF.Exp(source.LogProbAt(length)) : float.NaN;
        var parent = source.OwnerOf(length - 1);
        return Admit(_group.Add(NextBranchStream(), new SequenceFork(parent, length, kind, probability)), holdAt);
    }

    /// <summary>Adds a row that is another one over again; from where that one stands, it draws by itself.</summary>
    /// <returns>The new row; finished when the other is.</returns>
    public int Duplicate(int row)
    {
        var source = Row(row);
        if (source.FinishReason is not { } reason)
        {
            return Resample(row, source.Length, Never, BranchKind.Fill);
        }

        var copy = _group.Add(NextBranchStream(), new SequenceFork(source, source.Length, BranchKind.Fill, float.NaN));
        copy.FinishAs(reason);
        return Admit(copy, Never);
    }

    /// <summary>Gives a held row what was drawn for it.</summary>
    /// <param name="row">A held row with its draw.</param>
    /// <param name="nextHold">Position at which it is held next; <see cref="Never"/> for not.</param>
    public void Take(int row, int nextHold) => Take(row, Drawn(row), TokenOrigin.Sampled, nextHold);

    /// <summary>Gives a held row one of its most probable tokens.</summary>
    /// <param name="row">A held row with its draw.</param>
    /// <param name="rank">Which of <see cref="Top"/>.</param>
    /// <param name="nextHold">Position at which it is held next; <see cref="Never"/> for not.</param>
    public void TakeTop(int row, int rank, int nextHold)
    {
        var token = Row(row).Top[rank];
        Take(row, new SampledToken(token.TokenId, token.LogProb), OriginOf(rank), nextHold);
    }

    /// <summary>Lets a row that is held at a position it has yet to reach draw to its end by itself.</summary>
    public void Release(int row) => Unhold(Row(row));

    /// <summary>Takes a row out; rows that forked from it stay.</summary>
    /// <param name="row">The row, finished or not.</param>
    /// <param name="reason">Short snake_case reason.</param>
    public void Remove(int row, string reason)
    {
        var sequence = Row(row);
        if (sequence.RemovedFor is not null)
        {
            return;
        }

        sequence.RemovedFor = reason;
        if (sequence.FinishReason is not null)
        {
            FinishedCount--;
            return;
        }

        Unhold(sequence);
        GrowingCount--;
        Scheduler?.Leave(sequence);
    }

    /// <summary>Says that no row will be added any more.</summary>
    public void Settle()
    {
        IsSettled = true;
        Scheduler?.Settled(_group);
    }

    /// <summary>Whether a row is held at a position it has reached.</summary>
    internal static bool IsAtHold(Sequence sequence) => sequence.Length == sequence.HoldAt;

    /// <summary>Notes a held row's draw.</summary>
    internal void Hold(Sequence sequence, SampledToken drawn, ReadOnlySpan<TopToken> top)
    {
        sequence.Hold(drawn, top);
        _drawn++;
    }

    /// <summary>Notes that a row has ended.</summary>
    internal void Finish(Sequence sequence)
    {
        Unhold(sequence);
        GrowingCount--;
        FinishedCount++;
        if (sequence.IsQueued)
        {
            Scheduler?.Leave(sequence);
        }
    }

    private static TokenOrigin OriginOf(int rank) => rank == 0 ? TokenOrigin.Greedy : TokenOrigin.Forced;

    private void Take(int row, SampledToken token, TokenOrigin origin, int nextHold)
    {
        var sequence = Row(row);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(nextHold, sequence.Length);
        _drawn--;
        sequence.Append(token, origin);
        sequence.HoldAt = nextHold;
        if (sequence.FinishReason is not null)
        {
            sequence.HoldAt = Never;
            _held.Remove(row);
            Finish(sequence);
        }
        else if (nextHold == Never)
        {
            _held.Remove(row);
        }
    }

    private int Admit(Sequence sequence, int holdAt)
    {
        if (sequence.FinishReason is not null)
        {
            FinishedCount++;
            return sequence.Id;
        }

        GrowingCount++;
        sequence.HoldAt = holdAt;
        if (holdAt != Never)
        {
            _held.Add(sequence.Id);
        }

        Scheduler?.Join(sequence);
        return sequence.Id;
    }

    private void Unhold(Sequence sequence)
    {
        if (sequence.HoldAt != Never)
        {
            _held.Remove(sequence.Id);
            _drawn -= sequence.Held is null ? 0 : 1;
            sequence.HoldAt = Never;
        }
    }

    private RandomStream NextBranchStream() => _group.Streams.Branch(_branches++);

    private Sequence Row(int row) => _group.Sequences[row];
}
