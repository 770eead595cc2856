using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>
/// The sequences that answer one prompt. The prompt is computed once for all of them, in the group's own block table,
/// and each sequence forks from it. For one run of an engine.
/// </summary>
public sealed class SequenceGroup
{
    private readonly Sequence[] _sequences;

    /// <summary>Creates a group of one sequence for each random stream.</summary>
    /// <param name="promptId">Names the prompt in errors.</param>
    /// <param name="promptTokenIds">The prompt, <c>[P]</c>, at least one token; kept, not copied.</param>
    /// <param name="streams">Where each sequence's draws come from, at least one: token k uses the uniform number at position k.</param>
    /// <param name="sampling">How tokens are drawn.</param>
    /// <param name="stopTokenId">The token that ends a sequence.</param>
    /// <exception cref="ArgumentException">The prompt or the streams are empty, or a sampling parameter is out of its range.</exception>
    public SequenceGroup(
        string promptId, int[] promptTokenIds, ReadOnlySpan<RandomStream> streams, SamplingParameters sampling, int stopTokenId)
    {
        ArgumentNullException.ThrowIfNull(promptId);
        ArgumentNullException.ThrowIfNull(promptTokenIds);
        ArgumentOutOfRangeException.ThrowIfZero(promptTokenIds.Length, nameof(promptTokenIds));
        ArgumentOutOfRangeException.ThrowIfZero(streams.Length, nameof(streams));
        CheckRanges(sampling);
        PromptId = promptId;
        PromptTokenIds = promptTokenIds;
        Sampling = sampling;
        StopTokenId = stopTokenId;
        WaitingCount = streams.Length;
        _sequences = new Sequence[streams.Length];
        for (var i = 0; i < streams.Length; i++)
        {
            _sequences[i] = new Sequence(this, streams[i]);
        }
    }

    /// <summary>Names the prompt in errors.</summary>
    public string PromptId { get; }

    /// <summary>The prompt, <c>[P]</c>.</summary>
    public int[] PromptTokenIds { get; }

    /// <summary>How tokens are drawn.</summary>
    public SamplingParameters Sampling { get; }

    /// <summary>The token that ends a sequence.</summary>
    public int StopTokenId { get; }

    /// <summary>The sequences, in the order of their streams.</summary>
    public IReadOnlyList<Sequence> Sequences => _sequences;

    internal ReadOnlySpan<Sequence> Members => _sequences;

    /// <summary>Position of the group in its run; its age, 0 being the oldest. -1 before the run.</summary>
    internal int Order { get; set; } = -1;

    /// <summary>The prompt's blocks, held while sequences wait to fork from them; empty otherwise.</summary>
    internal KvBlockTable Prefix { get; } = new();

    /// <summary>Sequences that are neither finished nor running.</summary>
    internal int WaitingCount { get; set; }

    /// <summary>Whether the prompt's last logits have given every sequence its first token.</summary>
    internal bool HasFirstTokens { get; set; }

    /// <summary>Most response tokens of a sequence; set by the engine, which knows the context.</summary>
    internal int MaxNewTokens { get; set; }

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
