using RolloutLab.Core;

namespace RolloutLab.UnitTests.Allocation;

/// <summary>Prompts and graded groups for tests of budgets.</summary>
internal static class Groups
{
    public static Prompt Prompt(int index) => new(index, $"p{index:000}", "text", [1], "answer");

    public static GradedGroup Graded(int prompt, bool[] outcomes, int[] lengths) => new(
        new RolloutGroup(Prompt(prompt), outcomes.Select((_, j) => Rollout(j, lengths[j])).ToList()),
        outcomes.Select(right => right ? Verdict.Correct("1") : Verdict.Wrong("0", "no")).ToList());

    private static Rollout Rollout(int index, int length) => new()
    {
        Index = index,
        TokenIds = new int[length],
        LogProbs = new float[length],
        Text = "",
        FinishReason = FinishReason.Stop,
        PolicyVersion = 0,
    };
}
