using RolloutLab.Core;
using RolloutLab.Engine;

namespace RolloutLab.UnitTests.Engine;

/// <summary>Requests for the toy model, and what must come out of them, computed one token after the other without an engine.</summary>
internal static class RequestFixture
{
    public const ulong Seed = 77;

    public static Prompt Prompt(int index, int length)
    {
        var tokens = new int[length];
        for (var i = 0; i < length; i++)
        {
            tokens[i] = 1 + (((index * 7) + (i * 3) + (i * i)) % (ContextHash.VocabularySize - 1));
        }

        return new Prompt(index, $"p{index}", new LetterTokenizer().Decode(tokens), tokens, "");
    }

    public static RolloutRequest Request(int maxNewTokens, params (int Prompt, int Length, int Rollouts)[] budgets) => new(
        Step: 5,
        RolloutPurpose.Training,
        [.. budgets.Select(b => new PromptBudget(Prompt(b.Prompt, b.Length), 0, b.Rollouts))],
        new SamplingParameters { MaxNewTokens = maxNewTokens });

    public static EngineRolloutSource Source(IModelRunner runner, int maxTokens = 2048, int maxRunning = 256, long version = 3) => new(
        runner,
        new LetterTokenizer(),
        new EngineOptions { MaxTokensPerStep = maxTokens, MaxRunningSequences = maxRunning },
        new RandomStreams(Seed),
        () => version);

    public static (List<int> Tokens, List<float> LogProbs) Expected(RolloutRequest request, Prompt prompt, int rollout, int maxPositions)
    {
        var stream = new RandomStreams(Seed).Stream((StreamPurpose)(int)request.Purpose, request.Step, prompt.Index, rollout);
        var state = prompt.TokenIds.Aggregate(ContextHash.Start, ContextHash.Extend);
        var (tokens, logProbs) = (new List<int>(), new List<float>());
        while (tokens.Count < request.Sampling.MaxNewTokens && prompt.TokenIds.Length + tokens.Count < maxPositions)
        {
            var (token, logProb) = ContextHash.Draw(state, stream.Uniform(tokens.Count));
            tokens.Add(token);
            logProbs.Add(logProb);
            state = ContextHash.Extend(state, token);
            if (token == ContextHash.StopToken)
            {
                break;
            }
        }

        return (tokens, logProbs);
    }

    public static void AssertAsExpected(RolloutRequest request, RolloutResult result, int maxPositions = 64)
    {
        Assert.Equal(request.Budgets.Select(b => b.Prompt), result.Groups.Select(g => g.Prompt));
        for (var i = 0; i < result.Groups.Count; i++)
        {
            var budget = request.Budgets[i];
            Assert.Equal(Enumerable.Range(budget.FirstRollout, budget.Rollouts), result.Groups[i].Rollouts.Select(r => r.Index));
            foreach (var rollout in result.Groups[i].Rollouts)
            {
                var (tokens, logProbs) = Expected(request, budget.Prompt, rollout.Index, maxPositions);
                Assert.Equal(tokens, rollout.TokenIds);
                Assert.Equal(logProbs, rollout.LogProbs);
                var stopped = tokens[^1] == ContextHash.StopToken;
                Assert.Equal(stopped ? FinishReason.Stop : FinishReason.Length, rollout.FinishReason);
            }
        }
    }
}
