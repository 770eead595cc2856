using RolloutLab.Core;
using RolloutLab.Engine;
using RolloutLab.Models;

namespace RolloutLab.Benchmarks;

/// <summary>An engine as the benchmarks run it: room for every sequence at once, 2,048 tokens a step, one seed. Owns its KV cache.</summary>
internal sealed class BenchEngine : IDisposable
{
    /// <summary>Slots of a KV block.</summary>
    public const int BlockSize = 16;

    private readonly PagedModelRunner _runner;

    /// <summary>An engine on a model.</summary>
    /// <param name="model">The model; borrowed.</param>
    /// <param name="tokenizer">Names the end token and turns responses into text.</param>
    /// <param name="sequences">Most that run at once.</param>
    /// <param name="cacheTokens">KV slots.</param>
    /// <param name="policy">Where rollouts branch; null for nowhere.</param>
    public BenchEngine(DecoderModel model, ITokenizer tokenizer, int sequences, long cacheTokens, IBranchPolicy? policy = null)
    {
        _runner = new PagedModelRunner(model, KvCacheSize.OfTokens(cacheTokens, BlockSize));
        var options = new EngineOptions { MaxRunningSequences = sequences, MaxTokensPerStep = 2048 };
        Source = new EngineRolloutSource(_runner, tokenizer, options, new RandomStreams(1), () => 0, policy);
    }

    /// <summary>An engine on a model whose vocabulary no text belongs to, and whose responses run to their limit but for <paramref name="endToken"/>.</summary>
    public BenchEngine(BenchModel model, int sequences, long cacheTokens, int endToken = -1)
        : this(model.Model, new BenchTokenizer(model.Model.Config.VocabularySize, endToken), sequences, cacheTokens)
    {
    }

    /// <summary>The engine.</summary>
    public EngineRolloutSource Source { get; }

    /// <summary>Makes one round of training rollouts.</summary>
    public RolloutResult Generate(IReadOnlyList<PromptBudget> budgets, SamplingParameters sampling) =>
        Source.Generate(new RolloutRequest(1, RolloutPurpose.Training, budgets, sampling), null, CancellationToken.None);

    /// <inheritdoc/>
    public void Dispose() => _runner.Dispose();
}
