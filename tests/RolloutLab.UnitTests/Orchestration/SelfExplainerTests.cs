using RolloutLab.Allocation;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Rewards;
using RolloutLab.UnitTests.Batching;
using RolloutLab.UnitTests.Recipes;

namespace RolloutLab.UnitTests.Orchestration;

/// <summary>Which prompts are explained, what counts as an explanation, what is measured and what is trained (ExPO).</summary>
public class SelfExplainerTests
{
    private static readonly Prompt Hard = FakeRollouts.Prompt(0, "6 7 4:46");
    private static readonly Prompt Easy = FakeRollouts.Prompt(1, "1 2 3:6");
    private static readonly Prompt Other = FakeRollouts.Prompt(2, "6 7 5:47");

    private readonly PromptLedger _ledger = new(3, new LedgerOptions(0.9));
    private readonly FakeRollouts _source = new((prompt, i) => prompt.Answer == Hard.Answer && i < 2 ? (i == 0 ? "7*6=42,42+4=46!" : "9+9=18x7*6=42,42+4=46!") : "4x");

    [Fact]
    public void Unsolved_prompts_are_asked_with_their_answer_and_what_reaches_it_is_scored_as_a_response_to_the_plain_prompt()
    {
        GradedGroup[] groups = [FakeRollouts.Group(Hard, ("1!", false)), FakeRollouts.Group(Easy, ("1!", false), ("6!", true)), FakeRollouts.Group(Other, ("1!", false))];
        _ledger.Observe(1, groups);

        var (explanations, work) = Explainer("rollouts: 3").Explain(1, groups, new SamplingParameters { Temperature = 0.8f }, new PhaseClock());

        Assert.Equal(["6 7 4:46=7*6=42,42+4=46! 6 7 4:46=", "6 7 5:47=7*6=42,42+5=47! 6 7 5:47="], _source.Asked.Select(a => a.Budget.Prompt.Text));
        Assert.All(_source.Asked, a => Assert.Equal((RolloutPurpose.Beside, 0.8f, 3), (a.Purpose, a.Sampling.Temperature, a.Budget.Rollouts)));
        Assert.Equal([true, true, false, false, false, false], explanations.Select(e => e.Verdict.IsCorrect));
        Assert.Same(Hard, explanations[0].Prompt);
        Assert.Same(Other, explanations[5].Prompt);

        // The plain prompt has 9 tokens: token t of the 16 scores -0.1·(9 + t).
        Assert.Equal(Enumerable.Range(0, 16).Select(t => -0.1 * (9 + t)), explanations[0].Rollout.LogProbs.Select(l => (double)l), (a, b) => Math.Abs(a - b) < 1e-6);
        Assert.Equal(-0.1 * (9 + 7.5), explanations[0].Likelihood, 1e-6);
        Assert.All(explanations[2].Rollout.LogProbs, l => Assert.True(float.IsNaN(l)));

        // The final answer 46! has 3 tokens, after 12 and 19 tokens of explanation: each scores 0.1·12 or 0.1·19 lower than after the prompt.
        var metrics = work.Metrics.ToDictionary();
        Assert.Equal((-3.6 - 5.7) / 2, metrics["explanation/answer_rise/mean"], 1e-5);
        Assert.Equal(((-0.1 * (9 + 7.5)) + (-0.1 * (9 + 11))) / 2, metrics["explanation/likelihood/mean"], 1e-5);
        Assert.Equal((2.0, 2.0, 0.0, 0.0), (metrics["explanation/prompts/unsolved"], metrics["explanation/prompts/explained"], metrics["explanation/prompts/no_answer"], metrics["explanation/prompts/too_long"]));
        Assert.Equal((6.0, 2 / 6.0), (metrics["explanation/rollouts"], metrics["explanation/verified_ratio"]));
        Assert.Equal(6, work.Rollouts);
        Assert.Equal(16 + 23 + (4 * 3), work.Statistics.TokensGenerated);
    }

    [Fact]
    public void Prompts_that_were_solved_before_seen_too_rarely_or_that_do_not_fit_are_not_asked()
    {
        GradedGroup[] groups = [FakeRollouts.Group(Hard, ("1!", false)), FakeRollouts.Group(Other, ("1!", false))];
        _ledger.Observe(1, [FakeRollouts.Group(Other, ("47!", true))]);
        _ledger.Observe(2, groups);

        var seldom = Explainer("visits: 2").Explain(2, groups, new SamplingParameters(), new PhaseClock());
        Assert.Empty(seldom.Explanations);
        _ledger.Observe(3, groups);
        var tight = Explainer("visits: 2", maxPromptTokens: 20).Explain(3, groups, new SamplingParameters(), new PhaseClock());
        Assert.Equal(1, tight.Work.Metrics.ToDictionary()["explanation/prompts/too_long"]);
        Assert.Empty(_source.Asked);

        Assert.Equal(4, Explainer("visits: 2").Explain(3, groups, new SamplingParameters(), new PhaseClock()).Explanations.Count);
        Assert.Equal(Hard.Index, Assert.Single(_source.Asked).Budget.Prompt.Index);
    }

    [Fact]
    public void At_most_so_many_prompts_are_asked_in_a_step()
    {
        GradedGroup[] groups = [FakeRollouts.Group(Hard, ("1!", false)), FakeRollouts.Group(Other, ("1!", false))];
        _ledger.Observe(1, groups);

        var work = Explainer("prompts: 1").Explain(1, groups, new SamplingParameters(), new PhaseClock()).Work.Metrics.ToDictionary();

        Assert.Equal((2.0, 1.0), (work["explanation/prompts/unsolved"], work["explanation/prompts/explained"]));
        Assert.Equal(Hard.Index, Assert.Single(_source.Asked).Budget.Prompt.Index);
    }

    [Fact]
    public void The_likeliest_right_ones_are_trained_beside_the_policy_loss_and_each_fate_has_its_reason()
    {
        var groups = new[] { GradedGroups.Of(0, [0, 0], [2, 2]), GradedGroups.Of(1, [1, 0], [2, 2]) };
        var plain = groups[0].Group.Prompt;
        Explanation[] explanations =
        [
            Explained(plain, true, -2), Explained(plain, false, float.NaN), Explained(plain, true, -1), Explained(plain, true, -1), Explained(plain, true, -3),
        ];
        var advantages = new GrpoAdvantage(Sections.Grpo).Estimate(new RewardGroups([]).Of(groups));
        var stage = new SelfExplanation(Section("keep: 2, coefficient: 0.5"));

        var recomposed = new BatchRecomposer([stage], new RandomStreams(1), 1).Recompose(1, groups, advantages, 4, explanations);

        Assert.Equal(4, recomposed.Sampled.Count);
        Assert.Equal(
            ["explanation_unlikely", "explanation_wrong", "self_explanation", "self_explanation", "explanation_unlikely"], recomposed.Replayed.Select(d => d.Reason));
        Assert.Equal([RolloutFate.Dropped, RolloutFate.Dropped, RolloutFate.Added, RolloutFate.Added, RolloutFate.Dropped], recomposed.Replayed.Select(d => d.Fate));
        Assert.All(recomposed.Replayed, d => Assert.Same(plain, d.Prompt));

        // 8 tokens of the step and 6 of the explanations, each with its own denominator.
        var batch = new OptimizerBatchBuilder(Sections.Loss, Sections.Update, 20).Build(recomposed.All).Single();
        Assert.Equal(8, batch.LossTokens);
        var weights = batch.MicroBatches.SelectMany(b => b.LossWeights).Order().ToArray();
        Assert.Equal([.. Enumerable.Repeat(0.5f / 6, 6), .. Enumerable.Repeat(1 / 8f, 4)], weights);
    }

    [Theory]
    [InlineData("template: \"{prompt} {answer}\"", "must end with {prompt}")]
    [InlineData("template: \"{prompt}\"", "must contain {answer}")]
    [InlineData("coefficient: 0", "above 0")]
    public void A_wrong_section_is_refused(string keys, string rule) => Assert.Contains(
        rule, RecipeText.ErrorOf(RecipeText.Minimal + $"recompose: {{ stages: [self_explanation], self_explanation: {{ {keys} }} }}\n"), StringComparison.Ordinal);

    private static Explanation Explained(Prompt prompt, bool isRight, float logProb) => new(
        prompt, GradedGroups.Rollout(0, 3) with { LogProbs = [logProb, logProb, logProb] }, isRight ? Verdict.Correct("a") : Verdict.Wrong("b", "wrong"));

    private static SelfExplanationSection Section(string keys) =>
        RecipeText.Parse(RecipeText.Minimal + $"recompose: {{ self_explanation: {{ {keys} }} }}\n").Recompose.SelfExplanation;

    private SelfExplainer Explainer(string keys, int maxPromptTokens = 96) => new(
        Section(keys), new CountdownAnswers(false), _ledger, _source, new Grader(new CountdownVerifier(CountdownFormat.Trace)), new LengthScorer(0.1),
        FakeRollouts.Tokenizer, maxPromptTokens);
}
