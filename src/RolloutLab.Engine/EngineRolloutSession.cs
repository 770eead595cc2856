using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>Rollouts from one run of the engine: prompts become groups of sequences, and those rollouts.</summary>
/// <param name="run">The run; owned.</param>
/// <param name="tokenizer">The policy's tokenizer.</param>
/// <param name="branching">Where rollouts branch.</param>
/// <param name="streams">The run's random streams.</param>
/// <param name="purpose">What the draws are for.</param>
/// <param name="step">Training step.</param>
/// <param name="sampling">How tokens are drawn.</param>
/// <param name="version">Version of the policy.</param>
internal sealed class EngineRolloutSession(
    EngineRun run,
    ITokenizer tokenizer,
    IBranchPolicy branching,
    RandomStreams streams,
    StreamPurpose purpose,
    long step,
    SamplingParameters sampling,
    long version) : IRolloutSession
{
    private readonly Dictionary<SequenceGroup, PromptBudget> _budgets = [];

    /// <inheritdoc/>
    public int InFlight => run.InFlight;

    /// <inheritdoc/>
    public RolloutStatistics Statistics => run.Statistics;

    /// <inheritdoc/>
    /// <exception cref="DataException">A prompt leaves no room for a response in the model's context, or has an unknown token.</exception>
    /// <exception cref="KvCacheExhaustedException">The KV memory cannot hold one rollout of the greatest length asked for.</exception>
    public void Submit(IReadOnlyList<PromptBudget> round)
    {
        ArgumentNullException.ThrowIfNull(round);
        var growers = branching.Begin(step, [.. round.Select(b => b.Rollouts)]);
        var groups = new SequenceGroup[round.Count];
        for (var i = 0; i < groups.Length; i++)
        {
            groups[i] = CreateGroup(round[i], growers[i]);
            _budgets.Add(groups[i], round[i]);
        }

        run.Add(groups);
    }

    /// <inheritdoc/>
    public IReadOnlyList<FinishedGroup> Advance(int leave, IProgress<int>? progress, CancellationToken cancellation)
    {
        var finished = run.Advance(leave, progress, cancellation);
        var groups = new FinishedGroup[finished.Count];
        for (var i = 0; i < groups.Length; i++)
        {
            _budgets.Remove(finished[i], out var budget);
            groups[i] = new FinishedGroup(budget, ReadGroup(budget, finished[i]));
        }

        return groups;
    }

    /// <inheritdoc/>
    public void Dispose() => run.Dispose();

    private SequenceGroup CreateGroup(PromptBudget budget, ITreeGrower grower)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(budget.FirstRollout);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(budget.Rollouts);
        var own = new GroupStreams(streams, purpose, step, budget.Prompt.Index, budget.FirstRollout);
        return new SequenceGroup(
            budget.Prompt.Id, budget.Prompt.TokenIds, own, budget.Rollouts, sampling, tokenizer.EndOfTextIds, grower);
    }

    private RolloutGroup ReadGroup(PromptBudget budget, SequenceGroup group)
    {
        var paths = LeafPaths.Of(group.Sequences);
        var rollouts = new Rollout[paths.Length];
        for (var i = 0; i < rollouts.Length; i++)
        {
            var (sequence, parent, shared) = paths[i];
            var tokens = sequence.ReadTokens();
            rollouts[i] = new Rollout
            {
                Index = budget.FirstRollout + i,
                TokenIds = tokens,
                LogProbs = sequence.ReadLogProbs(),
                Origins = sequence.ReadOrigins(),
                Parent = parent < 0 ? -1 : budget.FirstRollout + parent,
                SharedLength = shared,
                TokensComputed = tokens.Length - shared + (i == 0 ? budget.Prompt.TokenIds.Length : 0),
                WallSeconds = (float)sequence.WallSeconds,
                Text = Decode(tokens),
                FinishReason = sequence.FinishReason!.Value,
                PolicyVersion = version,
            };
        }

        return new RolloutGroup(budget.Prompt, rollouts)
        {
            Tree = LeafPaths.Describe(group, paths, budget.FirstRollout, Decode),
        };
    }

    /// <summary>
    /// The text of response tokens, without the stop token. A model with a padded vocabulary has ids its tokenizer
    /// lacks; they stand for no text.
    /// </summary>
    private string Decode(int[] all)
    {
        var tokens = all.AsSpan();
        if (tokens.Length > 0 && tokenizer.EndOfTextIds.Contains(tokens[^1]))
        {
            tokens = tokens[..^1];
        }

        if (!tokens.ContainsAnyExceptInRange(0, tokenizer.VocabularySize - 1))
        {
            return tokenizer.Decode(tokens);
        }

        return tokenizer.Decode(Array.FindAll(tokens.ToArray(), token => (uint)token < (uint)tokenizer.VocabularySize));
    }
}
