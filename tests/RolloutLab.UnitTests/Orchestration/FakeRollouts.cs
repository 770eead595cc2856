using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.UnitTests.Orchestration;

/// <summary>A source whose every answer is written, and a scorer whose every log-probability is.</summary>
internal sealed class FakeRollouts(Func<Prompt, int, string> answer) : IRolloutSource
{
    public static CharacterTokenizer Tokenizer { get; } = CountdownVocabulary.CreateTokenizer();

    public List<(RolloutPurpose Purpose, SamplingParameters Sampling, PromptBudget Budget)> Asked { get; } = [];

    public static Prompt Prompt(int index, string answer) => new(index, $"p{index}", answer + "=", Tokenizer.Encode(answer + "="), answer);

    public static Rollout Rollout(int index, string text) => new()
    {
        Index = index,
        TokenIds = [.. Tokenizer.Encode(text), Tokenizer.EndOfTextId],
        LogProbs = [.. Enumerable.Repeat(-0.5f, text.Length + 1)],
        Text = text,
        FinishReason = FinishReason.Stop,
        PolicyVersion = 0,
    };

    public static GradedGroup Group(Prompt prompt, params (string Text, bool IsRight)[] answers) => new(
        new RolloutGroup(prompt, [.. answers.Select((a, i) => Rollout(i, a.Text))]),
        [.. answers.Select(a => a.IsRight ? Verdict.Correct("a") : Verdict.Wrong("b", "wrong"))]);

    public IRolloutSession Open(long step, RolloutPurpose purpose, SamplingParameters sampling) => new ImmediateRolloutSession(budget =>
    {
        Asked.Add((purpose, sampling, budget));
        return new RolloutGroup(
            budget.Prompt, [.. Enumerable.Range(budget.FirstRollout, budget.Rollouts).Select(i => Rollout(i, answer(budget.Prompt, i)))]);
    });
}

/// <summary>The log-probability of a token is minus a rate times the length of the path before it.</summary>
internal sealed class LengthScorer(double rate) : ISequenceScorer
{
    public IReadOnlyList<SequenceScore> Score(IReadOnlyList<Continuation> sequences, bool withSquares = false) => [.. sequences.Select(s => new SequenceScore(
        [.. s.ResponseIds.Select((_, t) => (float)(-rate * (s.PromptIds.Length + t)))], withSquares ? [.. s.ResponseIds.Select((_, t) => 0.1f * (t + 1))] : []))];
}
