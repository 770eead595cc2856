using RolloutLab.Core;
using RolloutLab.Engine;
using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Engine;

/// <summary>Models, requests and recipe sections of the tests of branch policies.</summary>
internal static class TreeModels
{
    public const int Vocabulary = 6;

    /// <summary>Two likely tokens and four rare ones, by a hash of the whole context; token 0 ends a response.</summary>
    public static double[] Peaked(int[] context)
    {
        var hash = context.Aggregate(ContextHash.Start, ContextHash.Extend);
        var weights = new double[Vocabulary];
        for (var token = 0; token < Vocabulary; token++)
        {
            weights[token] = 1 + (ContextHash.Extend(hash, token + 50) >> 45) % 7;
        }

        weights[0] = context.Length < 6 ? 0.2 : weights[0] * 0.4;
        weights[1 + (int)(hash % 5)] += 14;
        weights[1 + (int)((hash >> 20) % 5)] += 11;
        var total = weights.Sum();
        return [.. weights.Select(w => w / total)];
    }

    public static RolloutRequest Request(int maxNewTokens, int step, params (int Prompt, int Rollouts)[] budgets) => new(
        step,
        RolloutPurpose.Training,
        [.. budgets.Select(b => new PromptBudget(Prompt(b.Prompt), 0, b.Rollouts))],
        new SamplingParameters { MaxNewTokens = maxNewTokens });

    public static Prompt Prompt(int index)
    {
        int[] tokens = [.. Enumerable.Range(0, 1 + (index % 5)).Select(i => 1 + ((index + (3 * i)) % (Vocabulary - 1)))];
        return new Prompt(index, $"p{index}", "", tokens, "");
    }

    public static EngineRolloutSource Source(IModelRunner runner, IBranchPolicy policy, int maxTokens = 2048, int maxRunning = 256) => new(
        runner,
        new LetterTokenizer(runner.VocabularySize),
        new EngineOptions { MaxTokensPerStep = maxTokens, MaxRunningSequences = maxRunning },
        new RandomStreams(RequestFixture.Seed),
        () => 3,
        policy);

    /// <summary>A section of <c>rollout.strategy</c> as a recipe has it.</summary>
    public static StrategySection Section(string yaml) => RecipeLoader.Parse(
        $"rollout: {{ max_new_tokens: 200, strategy: {yaml} }}\nmodel: {{ path: m }}\n", "test.yaml", "/", []).Strategy;

    public static LatrStrategySection Latr(string keys = "") => (LatrStrategySection)Section($"{{ type: latr{keys} }}");

    public static LatrPolicy LatrPolicy(string keys = "") => new(Latr(keys), new HashSet<int>());

    /// <summary>Everything of a result that must not depend on how it was computed.</summary>
    public static string Describe(RolloutResult result) => string.Join('\n', result.Groups.SelectMany(g => g.Rollouts.Select(r =>
        $"{g.Prompt.Id} {r.Index} {r.Parent} {r.SharedLength} [{string.Join(',', r.TokenIds)}] [{string.Join(',', r.LogProbs)}] "
        + $"[{string.Join(',', r.Origins)}] {r.FinishReason}")
        .Concat(g.Tree.Branches.Select(b => $"  {b}"))
        .Append($"{g.Tree.Suppressed} {g.Tree.SaturatedAt}")));
}
