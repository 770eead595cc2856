using System.Diagnostics;
using System.Text;
using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Engine;
using RolloutLab.Models;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary>A policy in a folder, with the rollout engine, one answer at a time.</summary>
internal sealed class ChatModel : IChatModel
{
    private const int BlockSize = 16;

    private readonly Policy _policy;
    private readonly PagedModelRunner _runner;
    private readonly EngineRolloutSource _source;
    private readonly ChatFormat? _chat;
    private readonly int _context;
    private Action<int> _onToken = _ => { };

    /// <exception cref="RolloutLabException">The folder, its template or the machine is at fault.</exception>
    public ChatModel(ChatArguments arguments)
    {
        var folder = EvalTarget.ModelFolderOf(arguments.Target, step: null);
        var recipe = RecipeLoader.Parse(
            $"model: {{ path: \"{JsonEncodedText.Encode(Path.GetFullPath(folder))}\" }}\nthreads: {arguments.Threads}\nseed: {arguments.Seed}\n", "chat", Environment.CurrentDirectory, []);
        var machine = Machine.Start(recipe);
        var random = new RandomStreams((ulong)recipe.Seed);
        _policy = Policy.Create(recipe, random, machine.Device);
        try
        {
            _chat = arguments.IsPlain ? null : Chats.Find(_policy.TokenizerHome, arguments.EnableThinking);
            _context = Math.Min(arguments.Context, _policy.Model.MaxPositions);
            _runner = new PagedModelRunner(_policy.Model, KvCacheSize.OfTokens(_context + (2L * BlockSize), BlockSize));
        }
        catch
        {
            _policy.Dispose();
            throw;
        }

        var options = new EngineOptions { MaxRunningSequences = 1, MaxTokensPerStep = 512 };
        _source = new EngineRolloutSource(new WatchedRunner(_runner, token => _onToken(token)), _policy.Tokenizer, options, random, () => 0);
        Description = $"{ProgressText.Shorten(Path.GetFullPath(folder))}: {Figures.Amount(_policy.Weights.ParameterCount)} parameters, "
            + (_chat is null ? "no chat template, so it continues your text" : "chat template") + $", {Figures.Count(_context)} tokens of context";
    }

    /// <inheritdoc/>
    public bool HasTemplate => _chat is not null;

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public ChatAnswer Answer(IReadOnlyList<ChatMessage> messages, SamplingParameters sampling, long turn, Action<string> show, CancellationToken stop)
    {
        var started = Stopwatch.GetTimestamp();
        var prompt = _chat is null ? _policy.Tokenizer.EncodeDocumentOnce(messages[^1].Content) : _policy.Tokenizer.Encode(_chat.Of(messages));
        if (prompt.Length == 0 || prompt.Length >= _context)
        {
            throw new DataException(prompt.Length == 0
                ? "there is nothing to continue; write something"
                : $"the conversation has {prompt.Length} tokens, of {_context} that fit with the answer; /reset begins anew, and --context makes room up to the model's {_policy.Model.MaxPositions}");
        }

        var (text, count) = (new StringBuilder(), 0);
        var (add, finish) = Decoding();
        _onToken = token =>
        {
            count++;
            Show(_policy.Tokenizer.EndOfTextIds.Contains(token) ? "" : add(token));
        };
        var ending = Generate(new Prompt((int)turn, "chat", "", prompt, ""), sampling with { MaxNewTokens = Math.Min(sampling.MaxNewTokens, _context - prompt.Length) }, stop);
        Show(finish());
        return new ChatAnswer(text.ToString(), ending, prompt.Length, count, Stopwatch.GetElapsedTime(started).TotalSeconds);

        void Show(string more)
        {
            if (more.Length > 0)
            {
                text.Append(more);
                show(more);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _runner.Dispose();
        _policy.Dispose();
    }

    /// <summary>Text of tokens as they come: a tokenizer's own way where it has one.</summary>
    private (Func<int, string> Add, Func<string> Finish) Decoding()
    {
        if (_policy.Tokenizer is HuggingFaceTokenizer tokenizer)
        {
            // A padded vocabulary has ids the tokenizer lacks; they stand for no text.
            var own = tokenizer.StartDecoding();
            return (token => token < tokenizer.VocabularySize ? own.Push(token) : "", own.Finish);
        }

        var decoder = new IncrementalDecoder(_policy.Tokenizer);
        return (decoder.Add, decoder.Finish);
    }

    /// <summary>Makes one response; gives why it ended.</summary>
    private string Generate(Prompt prompt, SamplingParameters sampling, CancellationToken stop)
    {
        using var session = _source.Open(step: 0, RolloutPurpose.Evaluation, sampling);
        try
        {
            session.Submit([new PromptBudget(prompt, 0, 1)]);
            var finished = session.Advance(0, progress: null, stop);
            return finished[0].Group.Rollouts[0].FinishReason == FinishReason.Stop ? "stop" : "length";
        }
        catch (OperationCanceledException)
        {
            return ChatAnswer.Interrupted;
        }
    }
}
