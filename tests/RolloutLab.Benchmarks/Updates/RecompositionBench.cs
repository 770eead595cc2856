using System.Text.Json.Nodes;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Benchmarks;

/// <summary>Time of recomposition with all stages, buffers full.</summary>
internal static class RecompositionBench
{
    private const int GroupSize = 16;

    public static void Measure(JsonObject report, bool quick)
    {
        var groups = (quick ? 1600 : 100_000) / GroupSize;
        var graded = Enumerable.Range(0, groups).Select(Group).ToList();
        var advantages = graded.Select(g => new GroupAdvantages([.. g.Verdicts.Select(v => v.Reward - 0.5)])).ToList();
        var recomposer = new BatchRecomposer(
            [
                new MaskTruncated(TruncatedMask.Penalties), new DynamicSampling(new DynamicSamplingSection(1, -1000, 1000)), new GroupReplay(new ReplaySection(64, 64)),
                new Rorecomp(new RorecompSection { StartProbability = 1, EndProbability = 1 }), new SelfImitation(new SelfImitationSection()),
            ],
            new RandomStreams(1),
            totalSteps: 1000);
        var step = 0L;
        var seconds = ObjectiveBench.Best(quick ? 1 : 5, () => recomposer.Recompose(++step, graded, advantages, step));
        report["recomposed_rollouts"] = groups * GroupSize;
        report["recomposition_milliseconds"] = Math.Round(1000 * seconds, 2);
    }

    private static GradedGroup Group(int index)
    {
        var prompt = new Prompt(index, $"p{index}", "p", [1], "a");
        var rollouts = Enumerable.Range(0, GroupSize).Select(i => new Rollout
        {
            Index = i, TokenIds = new int[20 + ((7 * i) % 60)], LogProbs = [], Text = "", FinishReason = i % 5 == 0 ? FinishReason.Length : FinishReason.Stop, PolicyVersion = 0,
        }).ToList();
        return new GradedGroup(new RolloutGroup(prompt, rollouts), [.. rollouts.Select(r => r.Index * (index % 4) % 3 == 1 ? Verdict.Correct("a") : Verdict.Wrong("b", "no"))]);
    }
}
