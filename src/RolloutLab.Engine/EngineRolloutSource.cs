using RolloutLab.Core;

namespace RolloutLab.Engine;

/// <summary>
/// Live rollouts from the policy. A prompt is computed once for all its rollouts, and so is what they share where a
/// branch policy lets them fork. The draw of response token k of a rollout that starts at the prompt is the uniform
/// number k of the stream (purpose, step, prompt index, rollout index). Not thread-safe.
/// </summary>
public sealed class EngineRolloutSource : IRolloutSource
{
    private readonly RolloutEngine _engine;
    private readonly ITokenizer _tokenizer;
    private readonly RandomStreams _streams;
    private readonly Func<long> _policyVersion;
    private readonly IBranchPolicy _training;

    /// <summary>Creates the source.</summary>
    /// <param name="runner">The policy; the caller owns it, and its KV memory is this source's alone.</param>
    /// <param name="tokenizer">The policy's tokenizer; its end-of-text token ends a response.</param>
    /// <param name="options">Limits of a model step.</param>
    /// <param name="streams">The run's random streams.</param>
    /// <param name="policyVersion">Gives the version of the policy; asked once for each request.</param>
    /// <param name="training">Where training rollouts branch; null for plain sampling, which evaluation always is.</param>
    /// <exception cref="DataException">The tokenizer has ids the model lacks.</exception>
    public EngineRolloutSource(
        IModelRunner runner,
        ITokenizer tokenizer,
        EngineOptions options,
        RandomStreams streams,
        Func<long> policyVersion,
        IBranchPolicy? training = null)
    {
        ArgumentNullException.ThrowIfNull(runner);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(policyVersion);
        if (tokenizer.VocabularySize > runner.VocabularySize)
        {
            throw new DataException(
                $"the tokenizer has {tokenizer.VocabularySize} token ids but the model only {runner.VocabularySize}; "
                + "use the tokenizer the model was trained with");
        }

        _engine = new RolloutEngine(runner, options);
        _tokenizer = tokenizer;
        _streams = streams;
        _policyVersion = policyVersion;
        _training = training ?? Plain;
    }

    private static StochasticSampling Plain { get; } = new();

    /// <inheritdoc/>
    /// <exception cref="DataException">A prompt leaves no room for a response in the model's context, or has an unknown token.</exception>
    /// <exception cref="KvCacheExhaustedException">The KV memory cannot hold one rollout of the greatest length asked for.</exception>
    public RolloutResult Generate(RolloutRequest request, IProgress<int>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var version = _policyVersion();
        var policy = request.Purpose == RolloutPurpose.Training ? _training : Plain;
        var growers = policy.Begin(request.Step, [.. request.Budgets.Select(b => b.Rollouts)]);
        var sequences = new SequenceGroup[request.Budgets.Count];
        for (var i = 0; i < sequences.Length; i++)
        {
            sequences[i] = CreateGroup(request, request.Budgets[i], growers[i]);
        }

        var statistics = _engine.Run(sequences, policy.TopTokens, progress, cancellation);
        var groups = new RolloutGroup[sequences.Length];
        for (var i = 0; i < groups.Length; i++)
        {
            groups[i] = ReadGroup(request.Budgets[i], sequences[i], version);
        }

        return new RolloutResult(groups, statistics);
    }

    private SequenceGroup CreateGroup(RolloutRequest request, PromptBudget budget, ITreeGrower grower)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(budget.FirstRollout);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(budget.Rollouts);
        var purpose = request.Purpose switch
        {
            RolloutPurpose.Training => StreamPurpose.TrainingRollout,
            RolloutPurpose.Evaluation => StreamPurpose.EvaluationRollout,
            _ => throw new ArgumentOutOfRangeException(nameof(request), request.Purpose, "No random streams belong to this purpose."),
        };
        var streams = new GroupStreams(_streams, purpose, request.Step, budget.Prompt.Index, budget.FirstRollout);
        return new SequenceGroup(
            budget.Prompt.Id, budget.Prompt.TokenIds, streams, budget.Rollouts, request.Sampling, _tokenizer.EndOfTextId, grower);
    }

    private RolloutGroup ReadGroup(PromptBudget budget, SequenceGroup group, long version)
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
        if (tokens.Length > 0 && tokens[^1] == _tokenizer.EndOfTextId)
        {
            tokens = tokens[..^1];
        }

        if (!tokens.ContainsAnyExceptInRange(0, _tokenizer.VocabularySize - 1))
        {
            return _tokenizer.Decode(tokens);
        }

        return _tokenizer.Decode(Array.FindAll(tokens.ToArray(), token => (uint)token < (uint)_tokenizer.VocabularySize));
    }
}
