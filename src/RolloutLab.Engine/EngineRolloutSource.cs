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
    /// <param name="policyVersion">Gives the version of the policy; asked once for each session.</param>
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
    /// <exception cref="InvalidOperationException">Another session has not been disposed.</exception>
    public IRolloutSession Open(long step, RolloutPurpose purpose, SamplingParameters sampling)
    {
        var draws = purpose switch
        {
            RolloutPurpose.Training => StreamPurpose.TrainingRollout,
            RolloutPurpose.Evaluation => StreamPurpose.EvaluationRollout,
            RolloutPurpose.Beside => StreamPurpose.RolloutBeside,
            _ => throw new ArgumentOutOfRangeException(nameof(purpose), purpose, "No random streams belong to this purpose."),
        };
        var branching = purpose == RolloutPurpose.Training ? _training : Plain;
        return new EngineRolloutSession(_engine.Begin(branching.TopTokens), _tokenizer, branching, _streams, draws, step, sampling, _policyVersion());
    }
}
