using RolloutLab.Core;

namespace RolloutLab.UnitTests.Batching;

/// <summary>Builds graded groups from rewards for tests.</summary>
internal static class GradedGroups
{
    public static GradedGroup Of(int promptIndex, float[] rewards, int[]? lengths = null)
    {
        var prompt = new Prompt(promptIndex, $"p{promptIndex}", "ab", [1, 2], "answer");
        var rollouts = rewards.Select((_, i) => Rollout(i, lengths?[i] ?? 3)).ToList();
        var verdicts = rewards.Select(r => float.IsNaN(r) ? Verdict.Fault("broken") : new Verdict(r > 0 ? VerdictStatus.Correct : VerdictStatus.Wrong, r, "x", null)).ToList();
        return new GradedGroup(new RolloutGroup(prompt, rollouts), verdicts);
    }

    public static Rollout Rollout(int index, int length) => new()
    {
        Index = index,
        TokenIds = Enumerable.Range(10 + index, length).ToArray(),
        LogProbs = Enumerable.Range(1, length).Select(t => -0.1f * t).ToArray(),
        Text = $"r{index}",
        FinishReason = FinishReason.Stop,
        PolicyVersion = 4,
    };
}
