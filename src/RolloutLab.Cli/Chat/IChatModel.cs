using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.Cli;

/// <summary>What <c>chat</c> was asked for.</summary>
/// <param name="Target">A model folder or a run.</param>
/// <param name="IsPlain">Whether a chat template is passed over.</param>
/// <param name="Context">Most tokens of a conversation.</param>
/// <param name="Seed">Seed of the draws.</param>
/// <param name="Threads">CPU threads; 0 for all cores.</param>
/// <param name="EnableThinking">Given to the template; null lets it decide.</param>
internal sealed record ChatArguments(string Target, bool IsPlain, int Context, long Seed, int Threads, bool? EnableThinking);

/// <summary>An answer, whole or as far as it came.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Ending">Why it ended: <c>stop</c>, <c>length</c> or <c>interrupted</c>.</param>
/// <param name="PromptTokens">Tokens of the conversation before it.</param>
/// <param name="Tokens">Tokens of the answer.</param>
/// <param name="Seconds">Wall time.</param>
internal sealed record ChatAnswer(string Text, string Ending, int PromptTokens, int Tokens, double Seconds)
{
    /// <summary>The user stopped it.</summary>
    public const string Interrupted = "interrupted";
}

/// <summary>A model to talk to.</summary>
internal interface IChatModel : IDisposable
{
    /// <summary>Whether it has a chat template; else it continues text.</summary>
    bool HasTemplate { get; }

    /// <summary>What it is, in one line.</summary>
    string Description { get; }

    /// <summary>Answers a conversation.</summary>
    /// <param name="messages">The turns so far; of a model without a template the last one's text is continued.</param>
    /// <param name="sampling">How tokens are drawn.</param>
    /// <param name="turn">Number of the answer, from 0; keys the draws.</param>
    /// <param name="show">Given the text as it comes, whole characters at a time.</param>
    /// <param name="stop">Ends the answer, not the conversation.</param>
    /// <exception cref="DataException">The conversation is longer than what fits, or the template refuses it.</exception>
    ChatAnswer Answer(IReadOnlyList<ChatMessage> messages, SamplingParameters sampling, long turn, Action<string> show, CancellationToken stop);
}
