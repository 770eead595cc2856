using System.Globalization;
using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Benchmarks;

/// <summary>Rollouts as a run makes them: random tokens and log-probs, a text, a number at its end that is right or wrong.</summary>
/// <param name="rollouts">How many, in whole steps.</param>
/// <param name="perStep">Rollouts of a step, in groups of 16.</param>
/// <param name="tokens">Tokens of a rollout.</param>
internal sealed class StoreLog(long rollouts, int perStep = 512, int tokens = StoreLog.Tokens)
{
    public const int Tokens = 300;
    private const int GroupSize = 16;
    private const int PromptTokens = 40;

    /// <summary>Rollouts in whole steps.</summary>
    public long Rollouts => rollouts / perStep * perStep;

    /// <summary>Prompts, each of which comes back.</summary>
    public int Prompts => Math.Max(perStep / GroupSize, (int)Math.Min(4096, Rollouts / GroupSize / 4));

    public static string PromptId(int index) => string.Create(CultureInfo.InvariantCulture, $"prompt-{index:D6}");

    public void Write(string folder)
    {
        using var store = new RolloutStore(folder, "bench", []);
        foreach (var step in Steps())
        {
            store.Append(step);
        }

        store.Flush();
    }

    public IEnumerable<StoredStep> Steps()
    {
        for (var step = 1L; step <= Rollouts / perStep; step++)
        {
            var groups = Enumerable.Range(0, perStep / GroupSize).Select(g => Group(step, (int)(((step * perStep / GroupSize) + g) % Prompts))).ToList();
            yield return new StoredStep
            {
                Step = step,
                Groups = groups,
                Estimates = [.. groups.Select(_ => 0.5)],
                Decisions = [.. groups.SelectMany(g => g.Rollouts.Select(r => Decision(g.Prompt, r)))],
                Facts = new StepFacts(Prompts, [], new RolloutStatistics(0, 0, 0, 0)),
            };
        }
    }

    private RolloutGroup Group(long step, int prompt)
    {
        var own = new Prompt(prompt, PromptId(prompt), $"Question {prompt}: how many are there in all?\nAnswer:", [.. Enumerable.Range(prompt, PromptTokens)], "42");
        return new RolloutGroup(own, [.. Enumerable.Range(0, GroupSize).Select(r => Rollout(step, own, r))]);
    }

    private Rollout Rollout(long step, Prompt prompt, int index)
    {
        var stream = new RandomStreams(7).Stream(StreamPurpose.DatasetGeneration, step, prompt.Index, index);
        var ids = new int[tokens];
        var logProbs = new float[tokens];
        for (var t = 0; t < tokens; t++)
        {
            ids[t] = stream.Below(2L * t, 32_000);
            logProbs[t] = -(float)stream.Uniform((2L * t) + 1);
        }

        // About 3 characters a token.
        var words = string.Concat(ids.Take(tokens * 2 / 3).Select(id => (id % 1000).ToString(CultureInfo.InvariantCulture) + " "));
        return new Rollout
        {
            Index = index, TokenIds = ids, LogProbs = logProbs, Text = $"{words}\n#### {(ids[0] % 3 == 0 ? 42 : 41)}", FinishReason = FinishReason.Stop,
            PolicyVersion = step - 1, TokensComputed = tokens + (index == 0 ? PromptTokens : 0), WallSeconds = index,
        };
    }

    private static RolloutDecision Decision(Prompt prompt, Rollout rollout) => new(
        prompt, rollout, rollout.TokenIds[0] % 3 == 0 ? Verdict.Correct("42") : Verdict.Wrong("41", "41 is not 42"), 0.25f, RolloutFate.Kept, "on_policy");
}
