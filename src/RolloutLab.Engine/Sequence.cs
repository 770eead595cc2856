using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>State of one response while it is generated: its tokens, where its draws come from and which KV blocks it holds.</summary>
public sealed class Sequence
{
    private const int FirstCapacity = 16;

    private readonly RandomStream _stream;
    private int[] _tokenIds = [];
    private float[] _logProbs = [];
    private int _count;

    internal Sequence(SequenceGroup group, RandomStream stream) => (Group, _stream) = (group, stream);

    /// <summary>The sequences of the same prompt.</summary>
    public SequenceGroup Group { get; }

    /// <summary>Response tokens so far, <c>[n]</c>, the stop token included; valid until the next token.</summary>
    public ReadOnlySpan<int> TokenIds => _tokenIds.AsSpan(0, _count);

    /// <summary>Log-probability of each response token in the distribution it was drawn from, <c>[n] float32</c>.</summary>
    public ReadOnlySpan<float> LogProbs => _logProbs.AsSpan(0, _count);

    /// <summary>Why it ended; null while it has not.</summary>
    public FinishReason? FinishReason { get; private set; }

    /// <summary>Its blocks: the prompt's (shared) and its own. Empty unless it runs.</summary>
    internal KvBlockTable Table { get; } = new();

    /// <summary>Next older sequence in the queue.</summary>
    internal Sequence? Older { get; set; }

    /// <summary>Next younger sequence in the queue.</summary>
    internal Sequence? Younger { get; set; }

    /// <summary>Tokens drawn or given but not in the KV cache.</summary>
    internal int PendingTokens => Group.PromptTokenIds.Length + _count - Table.Length;

    /// <summary>The uniform number of the next draw. Depends on the number of tokens only, so recomputation cannot change it.</summary>
    internal double NextUniform => _stream.Uniform(_count);

    /// <summary>Takes a drawn token and decides whether it was the last.</summary>
    internal void Append(SampledToken token)
    {
        if (_count == _tokenIds.Length)
        {
            var capacity = Math.Min(Group.MaxNewTokens, Math.Max(FirstCapacity, _count * 2));
            Array.Resize(ref _tokenIds, capacity);
            Array.Resize(ref _logProbs, capacity);
        }

        _tokenIds[_count] = token.TokenId;
        _logProbs[_count] = token.LogProb;
        _count++;
        if (token.TokenId == Group.StopTokenId)
        {
            FinishReason = Core.FinishReason.Stop;
        }
        else if (_count == Group.MaxNewTokens)
        {
            FinishReason = Core.FinishReason.Length;
        }
    }
}
