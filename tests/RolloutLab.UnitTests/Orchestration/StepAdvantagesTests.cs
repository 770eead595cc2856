using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Rewards;
using RolloutLab.Training;
using RolloutLab.UnitTests.Batching;

namespace RolloutLab.UnitTests.Orchestration;

/// <summary>Estimators that need more than rewards get it in training: greedy answers, divergences, squared probabilities.</summary>
public class StepAdvantagesTests
{
    private static readonly Prompt One = FakeRollouts.Prompt(0, "6 7 4:46");
    private static readonly Prompt Two = FakeRollouts.Prompt(1, "1 2 3:6");

    [Fact]
    public void Remax_takes_the_reward_of_one_greedy_answer_a_prompt()
    {
        var source = new FakeRollouts((prompt, _) => prompt.Index == 0 ? "7*6=42,42+4=46!" : "4x");
        var advantages = new StepAdvantages(
            new SharpenedAdvantages(new RemaxAdvantage(), new RewardGroups([]), null),
            new GreedyBaselines(source, new Grader(new CountdownVerifier(CountdownFormat.Trace))));
        GradedGroup[] groups = [FakeRollouts.Group(One, ("1!", false), ("46!", true)), FakeRollouts.Group(Two, ("1!", true), ("2", false))];

        var (result, work) = advantages.Of(3, groups, new SamplingParameters { Temperature = 0.7f, TopK = 5, MaxNewTokens = 33 }, new PhaseClock());

        Assert.Equal([-1.0, 0], result[0].Rollouts);
        Assert.Equal([1.0, 0], result[1].Rollouts);
        Assert.All(source.Asked, a => Assert.Equal((RolloutPurpose.Beside, 0f, 0, 33, 1), (a.Purpose, a.Sampling.Temperature, a.Sampling.TopK, a.Sampling.MaxNewTokens, a.Budget.Rollouts)));
        Assert.Equal(2, work.Rollouts);
        Assert.Equal(0.5, work.Metrics.ToDictionary()["critic/greedy_reward/mean"]);
    }

    [Theory]
    [InlineData(OldLogProbsSource.Rollout, KlEstimator.K1)]
    [InlineData(OldLogProbsSource.Rollout, KlEstimator.K3)]
    [InlineData(OldLogProbsSource.Recompute, KlEstimator.K2)]
    public void The_divergence_from_the_reference_is_taken_from_the_reward_before_the_advantages(OldLogProbsSource old, KlEstimator estimator)
    {
        var loss = Sections.Loss with { OldLogProbs = old, Kl = new KlSection(0.3, estimator, KlPlacement.Reward, Unbiased: false) };
        var evidence = new ScoredEvidence(new LengthScorer(0.05), new LengthScorer(0.06), loss, withSquares: false);
        var estimated = new StepAdvantages(
            new SharpenedAdvantages(new GrpoAdvantage(Sections.Grpo with { Normalize = AdvantageNormalization.None }), new RewardGroups([]), null), null, evidence);
        GradedGroup[] groups = [FakeRollouts.Group(One, ("1!", false), ("4+2=46!", true)), FakeRollouts.Group(Two, ("12", true))];

        var (result, work) = estimated.Of(1, groups, new SamplingParameters(), new PhaseClock());

        double[] rewards = [-0.3 * Divergence(9, 3), 1 - (0.3 * Divergence(9, 8))];
        var mean = rewards.Average();
        Assert.Equal(rewards.Select(r => r - mean), result[0].Rollouts, (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Equal([0.0], result[1].Rollouts);
        var expected = new[] { Divergence(9, 3) / 3, Divergence(9, 8) / 8, Divergence(8, 3) / 3 }.Average();
        Assert.Equal(expected, work.Metrics.ToDictionary()["actor/reward_kl_penalty"], 1e-5);

        double Divergence(int prompt, int tokens) => Enumerable.Range(0, tokens).Sum(t =>
        {
            var d = (old == OldLogProbsSource.Rollout ? -0.5 : -0.05 * (prompt + t)) + (0.06 * (prompt + t));
            return estimator switch { KlEstimator.K1 => d, KlEstimator.K2 => d * d / 2, _ => Math.Exp(-d) + d - 1 };
        });
    }

    /// <summary>By hand, w = 1 − 2π + Σπ² summed along each rollout; the baseline of a position is ΣR·W/ΣW over the rollouts that reach it.</summary>
    [Fact]
    public void The_optimal_token_baseline_has_its_probabilities_from_the_policy()
    {
        var evidence = new ScoredEvidence(new LengthScorer(0.1), reference: null, Sections.Loss, withSquares: true);
        var estimated = new StepAdvantages(
            new SharpenedAdvantages(new OptimalTokenBaselineAdvantage(new OptimalTokenBaselineAdvantageSection { ZeroTail = false }), new RewardGroups([]), null), null, evidence);
        GradedGroup[] groups = [FakeRollouts.Group(One, ("1", false), ("46", true))];

        var tokens = estimated.Of(1, groups, new SamplingParameters(), new PhaseClock()).Advantages[0].Tokens!;

        var sums = new double[3];
        for (var t = 0; t < 3; t++)
        {
            sums[t] = (t > 0 ? sums[t - 1] : 0) + 1 - (2 * Math.Exp(-0.1 * (9 + t))) + (0.1 * (t + 1));
        }

        // Both have the same running sums, so the baseline is the mean of the rewards where both reach, and 1 at the end of the longer.
        Assert.Equal([-0.5, -0.5], tokens[0], (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal([0.5, 0.5, 1 - (sums[2] / (sums[2] + 1e-8))], tokens[1], (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Evidence_follows_rollouts_into_the_groups_of_their_prompts()
    {
        var graded = FakeRollouts.Group(One, ("1", true), ("2", false), ("3", true), ("4", false));
        var seeded = One with { Text = "examples " + One.Text, Examples = [1] };
        var group = graded with { Group = graded.Group with { Rollouts = [.. graded.Group.Rollouts.Select((r, i) => i < 2 ? r : r with { SampledFrom = seeded })] } };
        var advantages = new SharpenedAdvantages(
            new GrpoAdvantage(Sections.Grpo with { Normalize = AdvantageNormalization.None }), new RewardGroups([]), null, bySampledPrompt: true);

        var result = advantages.Of([group], [new GroupEvidence { Penalties = [0.5, 0, 0, 0.5] }]);

        Assert.Equal([0.25, -0.25, 0.75, -0.75], result[0].Rollouts);
    }
}
