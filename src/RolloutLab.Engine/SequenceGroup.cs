using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>
/// The sequences that answer one prompt. The prompt is computed once for all of them, in the group's own block table,
/// and each sequence forks from it or from another. A branch policy says which sequences there are. For one run of an
/// engine.
/// </summary>
public sealed class SequenceGroup
{
    private readonly List<Sequence> _sequences = [];
    private readonly int[] _stopTokenIds;

    /// <summary>Creates a group without sequences; the engine asks the branch policy for them.</summary>
    /// <param name="promptId">Names the prompt in errors.</param>
    /// <param name="promptTokenIds">The prompt, <c>[P]</c>, at least one token; kept, not copied.</param>
    /// <param name="streams">Where draws come from: token k of a sequence uses the uniform number at position k.</param>
    /// <param name="leaves">Responses wanted, at least 1.</param>
    /// <param name="sampling">How tokens are drawn.</param>
    /// <param name="stopTokenIds">The tokens that end a sequence, at least one.</param>
    /// <param name="grower">Says where sequences begin, fork and are removed; for this group only.</param>
    /// <exception cref="ArgumentException">The prompt is empty, or a number is out of its range.</exception>
    public SequenceGroup(
        string promptId,
        int[] promptTokenIds,
        GroupStreams streams,
        int leaves,
        SamplingParameters sampling,
        IReadOnlyList<int> stopTokenIds,
        ITreeGrower grower)
    {
        ArgumentNullException.ThrowIfNull(promptId);
        ArgumentNullException.ThrowIfNull(promptTokenIds);
        ArgumentOutOfRangeException.ThrowIfZero(promptTokenIds.Length, nameof(promptTokenIds));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(leaves);
        ArgumentNullException.ThrowIfNull(stopTokenIds);
        ArgumentNullException.ThrowIfNull(grower);
        CheckRanges(sampling);
        PromptId = promptId;
        PromptTokenIds = promptTokenIds;
        Streams = streams;
        Leaves = leaves;
        Sampling = sampling;
        _stopTokenIds = [.. stopTokenIds];
        Grower = grower;
        Tree = new GrowingTree(this);
    }

    /// <summary>Names the prompt in errors.</summary>
    public string PromptId { get; }

    /// <summary>The prompt, <c>[P]</c>.</summary>
    public int[] PromptTokenIds { get; }

    /// <summary>Where draws come from.</summary>
    public GroupStreams Streams { get; }

    /// <summary>Responses wanted.</summary>
    public int Leaves { get; }

    /// <summary>How tokens are drawn.</summary>
    public SamplingParameters Sampling { get; }

    /// <summary>The tokens that end a sequence.</summary>
    public ReadOnlySpan<int> StopTokenIds => _stopTokenIds;

    /// <summary>Every sequence there was, those removed included, parents before their children.</summary>
    public IReadOnlyList<Sequence> Sequences => _sequences;

    /// <summary>The sequences as the branch policy sees them.</summary>
    public GrowingTree Tree { get; }

    internal ITreeGrower Grower { get; }

    /// <summary>Position of the group in its run; its age, 0 being the oldest. -1 before the run.</summary>
    internal int Order { get; set; } = -1;

    /// <summary>Timestamp of its admission; times the sequences and decides nothing.</summary>
    internal long AdmittedAt { get; set; }

    /// <summary>The prompt's blocks, held while sequences wait to fork from them; empty otherwise.</summary>
    internal KvBlockTable Prefix { get; } = new();

    /// <summary>Whether its prompt's blocks were offered to later prompts.</summary>
    internal bool IsPrefixKept { get; set; }

    /// <summary>Sequences that are neither finished nor running.</summary>
    internal int WaitingCount { get; set; }

    /// <summary>Whether a sequence of it has run.</summary>
    internal bool HasStarted { get; set; }

    /// <summary>Whether the prompt's last logits have given every sequence its first token.</summary>
    internal bool HasFirstTokens { get; set; }

    /// <summary>Most response tokens of a sequence; set by the engine, which knows the context.</summary>
    internal int MaxNewTokens { get; set; }

    /// <summary>Token time of its run when it was added.</summary>
    internal long StartTime { get; set; }

    /// <summary>Response tokens of the longest sequence there ever was. Those removed count too, so that it never falls.</summary>
    internal int LongestRow { get; set; }

    /// <summary>Response tokens of all sequences, shared ones once.</summary>
    internal long TokensGenerated { get; set; }

    internal Sequence Add(RandomStream stream, SequenceFork fork)
    {
        var sequence = new Sequence(this, _sequences.Count, stream, fork);
        _sequences.Add(sequence);
        return sequence;
    }

    private static void CheckRanges(SamplingParameters sampling)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        var temperature = sampling.Temperature;
        Require(float.IsFinite(temperature) && temperature >= 0, nameof(sampling.Temperature), temperature, "finite and at least 0");
        Require(sampling.TopK >= 0, nameof(sampling.TopK), sampling.TopK, "at least 0");
        Require(sampling.TopP is > 0 and <= 1, nameof(sampling.TopP), sampling.TopP, "in (0, 1]");
        Require(sampling.MinP is >= 0 and < 1, nameof(sampling.MinP), sampling.MinP, "in [0, 1)");
        Require(sampling.MaxNewTokens >= 1, nameof(sampling.MaxNewTokens), sampling.MaxNewTokens, "at least 1");

        static void Require(bool holds, string name, object value, string rule)
        {
            if (!holds)
            {
                throw new ArgumentOutOfRangeException(nameof(sampling), value, $"{name} must be {rule}.");
            }
        }
    }
}
