using System.Diagnostics;
using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>
/// State of one response while it is generated: its tokens, where its draws come from and which KV blocks it holds. A
/// response that forked from another holds its own tokens only, so that a fork costs the same at any length.
/// </summary>
public sealed class Sequence
{
    /// <summary>The <see cref="HoldAt"/> of a sequence that draws to its end by itself.</summary>
    internal const int Free = int.MaxValue;

    private const int FirstCapacity = 16;

    private readonly RandomStream _stream;
    private int[] _tokenIds = [];
    private float[] _logProbs = [];
    private TokenOrigin[] _origins = [];
    private TopToken[] _top = [];
    private int _count;

    internal Sequence(SequenceGroup group, int id, RandomStream stream, SequenceFork fork) =>
        (Group, Id, _stream, Fork) = (group, id, stream, fork);

    /// <summary>The sequences of the same prompt.</summary>
    public SequenceGroup Group { get; }

    /// <summary>Position in <see cref="SequenceGroup.Sequences"/>.</summary>
    public int Id { get; }

    /// <summary>Where it began.</summary>
    public SequenceFork Fork { get; }

    /// <summary>Number of response tokens so far, the parent's included.</summary>
    public int Length => Fork.Length + _count;

    /// <summary>Why it ended; null while it has not.</summary>
    public FinishReason? FinishReason { get; private set; }

    /// <summary>Seconds from the admission of its group until it ended; 0 while it has not.</summary>
    public double WallSeconds { get; private set; }

    /// <summary>Why a branch policy took it out of the tree; null when it did not.</summary>
    public string? RemovedFor { get; internal set; }

    /// <summary>Its own response tokens, those after the fork.</summary>
    internal ReadOnlySpan<int> OwnTokens => _tokenIds.AsSpan(0, _count);

    /// <summary>Its blocks: the prompt's and its parent's (shared), and its own. Empty unless it runs.</summary>
    internal KvBlockTable Table { get; } = new();

    /// <summary>Slots of <see cref="Table"/> that earlier steps have computed.</summary>
    internal int ReadyLength { get; set; }

    /// <summary>Whether it is one of the queue's.</summary>
    internal bool IsQueued { get; set; }

    /// <summary>Next older sequence in the queue.</summary>
    internal Sequence? Older { get; set; }

    /// <summary>Next younger sequence in the queue.</summary>
    internal Sequence? Younger { get; set; }

    /// <summary>Position of the next token that the branch policy decides; <see cref="Free"/> for none.</summary>
    internal int HoldAt { get; set; } = Free;

    /// <summary>What was drawn for the token at <see cref="HoldAt"/>; null when it has yet to be drawn.</summary>
    internal SampledToken? Held { get; private set; }

    /// <summary>The most probable tokens at <see cref="HoldAt"/>, beside <see cref="Held"/>.</summary>
    internal ReadOnlySpan<TopToken> Top => _top;

    /// <summary>Tokens drawn or given but not in the KV cache.</summary>
    internal int PendingTokens => Group.PromptTokenIds.Length + Length - Table.Length;

    /// <summary>The uniform number of the next draw. Depends on the number of tokens only, so recomputation cannot change it.</summary>
    internal double NextUniform => _stream.Uniform(Length);

    /// <summary>The response tokens, <c>[Length]</c>, the stop token included.</summary>
    public int[] ReadTokens()
    {
        var tokens = new int[Length];
        CopyTokens(0, tokens);
        return tokens;
    }

    /// <summary>
    /// Log-probability of each response token in the distribution it was drawn from, <c>[Length] float32</c>; of a token
    /// that was not drawn, in the temperature-scaled distribution.
    /// </summary>
    public float[] ReadLogProbs()
    {
        var logProbs = new float[Length];
        foreach (var (sequence, end) in Path(Length))
        {
            sequence._logProbs.AsSpan(0, end - sequence.Fork.Length).CopyTo(logProbs.AsSpan(sequence.Fork.Length));
        }

        return logProbs;
    }

    /// <summary>How each response token came to be, <c>[Length]</c>; empty when all were drawn.</summary>
    public TokenOrigin[] ReadOrigins()
    {
        var origins = new TokenOrigin[Length];
        foreach (var (sequence, end) in Path(Length))
        {
            var known = sequence._origins.AsSpan();
            known[..Math.Min(known.Length, end - sequence.Fork.Length)].CopyTo(origins.AsSpan(sequence.Fork.Length));
        }

        return origins.AsSpan().ContainsAnyExcept(TokenOrigin.Sampled) ? origins : [];
    }

    /// <summary>Log-probability of one of its own tokens or its parents'.</summary>
    internal float LogProbAt(int position)
    {
        var owner = OwnerOf(position);
        return owner._logProbs[position - owner.Fork.Length];
    }

    /// <summary>The sequence, itself or a parent, that a response token was first decoded for.</summary>
    internal Sequence OwnerOf(int position)
    {
        var owner = this;
        while (position < owner.Fork.Length)
        {
            owner = owner.Fork.Parent!;
        }

        return owner;
    }

    /// <summary>Copies response tokens from a position on.</summary>
    internal void CopyTokens(int first, Span<int> destination)
    {
        for (var (sequence, end) = (this, first + destination.Length); end > first; sequence = sequence.Fork.Parent!)
        {
            var start = Math.Max(first, sequence.Fork.Length);
            if (start < end)
            {
                sequence._tokenIds.AsSpan(start - sequence.Fork.Length, end - start).CopyTo(destination[(start - first)..]);
                end = start;
            }
        }
    }

    /// <summary>Keeps what was drawn until the branch policy has decided.</summary>
    internal void Hold(SampledToken drawn, ReadOnlySpan<TopToken> top)
    {
        Held = drawn;
        if (_top.Length != top.Length)
        {
            _top = new TopToken[top.Length];
        }

        top.CopyTo(_top);
    }

    /// <summary>Takes a token and decides whether it was the last.</summary>
    internal void Append(SampledToken token, TokenOrigin origin)
    {
        if (_count == _tokenIds.Length)
        {
            var capacity = Math.Min(Group.MaxNewTokens - Fork.Length, Math.Max(FirstCapacity, _count * 2));
            Array.Resize(ref _tokenIds, capacity);
            Array.Resize(ref _logProbs, capacity);
        }

        if (origin != TokenOrigin.Sampled)
        {
            Mark(origin);
        }

        _tokenIds[_count] = token.TokenId;
        _logProbs[_count] = token.LogProb;
        _count++;
        Held = null;
        Group.TokensGenerated++;
        Group.LongestRow = Math.Max(Group.LongestRow, Length);
        if (Group.StopTokenIds.Contains(token.TokenId))
        {
            FinishAs(Core.FinishReason.Stop);
        }
        else if (Length == Group.MaxNewTokens)
        {
            FinishAs(Core.FinishReason.Length);
        }
    }

    /// <summary>Ends it: at its last token, or at once where it is a copy of a finished sequence.</summary>
    internal void FinishAs(FinishReason reason)
    {
        FinishReason = reason;
        WallSeconds = Stopwatch.GetElapsedTime(Group.AdmittedAt).TotalSeconds;
    }

    private void Mark(TokenOrigin origin)
    {
        if (_origins.Length < _tokenIds.Length)
        {
            Array.Resize(ref _origins, _tokenIds.Length);
        }

        _origins[_count] = origin;
    }

    /// <summary>Itself and its parents, each with the position after its last token in this response.</summary>
    private IEnumerable<(Sequence Sequence, int End)> Path(int end)
    {
        for (var sequence = this; end > 0; sequence = sequence.Fork.Parent!)
        {
            if (sequence.Fork.Length < end)
            {
                yield return (sequence, end);
                end = sequence.Fork.Length;
            }
        }
    }
}
