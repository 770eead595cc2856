using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>
/// A log as a model can be trained on it: every rollout has token ids of the model's tokenizer and as many log-probabilities,
/// NaN where the log has none. Text without token ids is tokenized, a response that came to its end with the end token. What
/// is longer than the model's context is left out and counted, never cut.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="maxPositions">Most tokens of a prompt and its response.</param>
/// <param name="progress">Told the prompts of a log without steps while their texts are tokenized, which is done at once; may be null.</param>
/// <param name="stop">Ends that with <see cref="OperationCanceledException"/>.</param>
public sealed class TokenizedLog(
    IRolloutLog log, ITokenizer tokenizer, int maxPositions, IProgress<WorkDone>? progress = null, CancellationToken stop = default) : IRolloutLog
{
    /// <inheritdoc/>
    public string Path => log.Path;

    /// <inheritdoc/>
    public IReadOnlyList<long>? Steps => log.Steps;

    /// <inheritdoc/>
    public int PromptSetSize => log.PromptSetSize;

    /// <inheritdoc/>
    public bool HasTokens => true;

    /// <inheritdoc/>
    public bool HasLogProbs => log.HasLogProbs;

    /// <inheritdoc/>
    public bool HasAnswers => log.HasAnswers;

    /// <summary>Rollouts left out so far because they exceed the context.</summary>
    public long LeftOut { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="DataException">A text has a character that the tokenizer lacks, or an id that the model lacks.</exception>
    public IEnumerable<LoggedStep> Read(LogContents contents) => log.Read(contents | LogContents.Everything)
        .Select(step => step with { Groups = [.. step.Groups.Select((group, i) => Tokenized(step, i)).Where(g => g.Group.Rollouts.Count > 0)] });

    private LoggedGroup Tokenized(LoggedStep step, int index)
    {
        if (log.Steps is null)
        {
            stop.ThrowIfCancellationRequested();
            progress?.Report(new WorkDone(index, step.Groups.Count));
        }

        return Tokenized(step.Groups[index]);
    }

    private LoggedGroup Tokenized(LoggedGroup logged)
    {
        var prompt = log.HasTokens ? logged.Group.Prompt : logged.Group.Prompt with { TokenIds = Encode(logged.Group.Prompt.Text, logged.Outcomes[0], "prompt") };
        var (rollouts, outcomes) = (new List<Rollout>(), new List<LoggedOutcome>());
        for (var i = 0; i < logged.Group.Rollouts.Count; i++)
        {
            var tokens = TokensOf(logged.Group.Rollouts[i], logged.Outcomes[i]);
            if (prompt.TokenIds.Length + tokens.Length > maxPositions)
            {
                LeftOut++;
                continue;
            }

            rollouts.Add(logged.Group.Rollouts[i] with
            {
                Index = rollouts.Count,
                TokenIds = tokens,
                LogProbs = logged.Group.Rollouts[i].LogProbs is { Length: > 0 } known ? known : Unknown(tokens.Length),
                Origins = logged.Group.Rollouts[i].Origins,
                PolicyVersion = 0,
            });
            outcomes.Add(logged.Outcomes[i]);
        }

        return new LoggedGroup(new RolloutGroup(prompt, rollouts), outcomes, logged.Estimate);
    }

    private int[] TokensOf(Rollout rollout, LoggedOutcome outcome)
    {
        if (!log.HasTokens)
        {
            var text = Encode(rollout.Text, outcome, "response");
            return rollout.FinishReason == FinishReason.Stop ? [.. text, tokenizer.EndOfTextId] : text;
        }

        return Array.Find(rollout.TokenIds, t => (uint)t >= (uint)tokenizer.VocabularySize) is var id && (uint)id >= (uint)tokenizer.VocabularySize
            ? throw new DataException($"{outcome.Where}: token id {id} is not one of the model's tokenizer, which has {tokenizer.VocabularySize}; use the model the log was made with")
            : rollout.TokenIds;
    }

    private int[] Encode(string text, LoggedOutcome outcome, string what)
    {
        try
        {
            // A prompt's text begins a sequence; a log that has it without special tokens lacks the one that begins texts.
            var isPrompt = what == "prompt";
            var ids = isPrompt ? tokenizer.EncodeDocumentOnce(text) : tokenizer.Encode(text);
            return ids.Length > 0 || !isPrompt ? ids : throw new DataException("it is empty");
        }
        catch (DataException error)
        {
            throw new DataException($"{outcome.Where}: the {what} cannot be tokenized: {error.Message}", error);
        }
    }

    private static float[] Unknown(int length)
    {
        var unknown = new float[length];
        Array.Fill(unknown, float.NaN);
        return unknown;
    }
}
