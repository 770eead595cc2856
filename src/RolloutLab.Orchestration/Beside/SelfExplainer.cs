using RolloutLab.Allocation;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Recipes;

namespace RolloutLab.Orchestration;

/// <summary>
/// Samples explanations for prompts that stay unsolved (ExPO, arXiv 2507.02834): responses to a prompt that shows the known
/// answer, judged by whether they reach it by themselves, and scored by the current policy given the plain prompt. Measures
/// how likely they are there, and by how much they raise the log-probability of the right answer: that of the final answer
/// after the explanation, less that of the same text right after the prompt.
/// </summary>
/// <param name="section">How many, for which prompts, how the answer is shown.</param>
/// <param name="answers">Knows the answers.</param>
/// <param name="ledger">Which prompts were ever solved; borrowed.</param>
/// <param name="source">Makes the rollouts.</param>
/// <param name="grader">Judges them, without shaping.</param>
/// <param name="scorer">The current policy.</param>
/// <param name="tokenizer">The policy's tokenizer.</param>
/// <param name="maxPromptTokens">Most tokens of a prompt with its answer.</param>
public sealed class SelfExplainer(
    SelfExplanationSection section,
    IKnownAnswers answers,
    PromptLedger ledger,
    IRolloutSource source,
    Grader grader,
    ISequenceScorer scorer,
    ITokenizer tokenizer,
    int maxPromptTokens)
{
    /// <summary>The text of a prompt with its answer in view; neither value is searched for placeholders.</summary>
    public static string Show(string template, string prompt, string answer)
    {
        ArgumentNullException.ThrowIfNull(template);
        return string.Join(prompt, template.Split("{prompt}").Select(part => part.Replace("{answer}", answer, StringComparison.Ordinal)));
    }

    /// <summary>Explanations for a step's unsolved prompts, right ones and wrong ones.</summary>
    /// <param name="step">The training step.</param>
    /// <param name="groups">The step's groups, which the ledger has observed.</param>
    /// <param name="sampling">How tokens are drawn.</param>
    /// <param name="clock">Takes the time.</param>
    public (IReadOnlyList<Explanation> Explanations, SideWork Work) Explain(
        long step, IReadOnlyList<GradedGroup> groups, SamplingParameters sampling, PhaseClock clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        var unsolved = groups.Where(IsUnsolved).Select(g => g.Group.Prompt).ToList();
        var asked = new List<(Prompt Plain, Prompt Shown, KnownAnswer Answer)>();
        int unknown = 0, tooLong = 0;
        foreach (var prompt in unsolved.Take(section.Prompts))
        {
            if (answers.Of(prompt) is not { } answer)
            {
                unknown++;
            }
            else if (Shown(prompt, answer) is { } shown)
            {
                asked.Add((prompt, shown, answer));
            }
            else
            {
                tooLong++;
            }
        }

        List<KeyValuePair<string, double>> counts =
        [
            new("explanation/prompts/unsolved", unsolved.Count), new("explanation/prompts/explained", asked.Count),
            new("explanation/prompts/no_answer", unknown), new("explanation/prompts/too_long", tooLong),
        ];
        if (asked.Count == 0)
        {
            return ([], SideWork.None with { Metrics = counts });
        }

        var request = new RolloutRequest(step, RolloutPurpose.Beside, [.. asked.Select(a => new PromptBudget(a.Shown, 0, section.Rollouts))], sampling);
        var result = clock.Time(Phase.Rollout, () => source.Generate(request, null, CancellationToken.None));
        var graded = clock.Time(Phase.Verify, () => result.Groups.Select(grader.Grade).ToList());
        var (explanations, measures) = clock.Time(Phase.Advantage, () => Scored(asked, graded));
        return (explanations, new SideWork(explanations.Count, result.Statistics, [.. counts, .. measures]));
    }

    private bool IsUnsolved(GradedGroup graded)
    {
        var entry = ledger[graded.Group.Prompt.Index];
        return entry.Successes == 0 && entry.Visits >= section.Visits && !graded.Verdicts.Any(v => v.IsCorrect);
    }

    private Prompt? Shown(Prompt prompt, KnownAnswer answer)
    {
        var text = Show(section.Template, prompt.Text, answer.Shown);
        var tokens = tokenizer.EncodeInPlaceOf(prompt, text);
        return tokens.Length <= maxPromptTokens ? prompt with { Text = text, TokenIds = tokens } : null;
    }

    private (List<Explanation> Explanations, List<KeyValuePair<string, double>> Measures) Scored(
        List<(Prompt Plain, Prompt Shown, KnownAnswer Answer)> asked, List<GradedGroup> graded)
    {
        var all = asked.SelectMany((a, i) => graded[i].Group.Rollouts.Select((r, j) => (a.Plain, a.Answer, Rollout: r, Verdict: graded[i].Verdicts[j]))).ToList();
        var scores = scorer.Score([.. all.Select(x => new Continuation(x.Plain.TokenIds, x.Verdict.IsCorrect ? x.Rollout.TokenIds : []))]);
        var explanations = all.Select((x, i) => new Explanation(
            x.Plain, x.Rollout with { LogProbs = x.Verdict.IsCorrect ? scores[i].LogProbs : [.. x.Rollout.LogProbs.Select(_ => float.NaN)] }, x.Verdict)).ToList();
        var right = explanations.Where(e => e.Verdict.IsCorrect).ToList();
        var measures = new List<KeyValuePair<string, double>>
        {
            new("explanation/rollouts", all.Count),
            new("explanation/verified_ratio", (double)right.Count / all.Count),
        };
        if (right.Count > 0)
        {
            measures.Add(new("explanation/likelihood/mean", right.Average(e => e.Likelihood)));
        }

        var rises = Rises([.. all.Where(x => x.Verdict.IsCorrect).Select(x => (x.Plain, x.Answer, x.Rollout))]);
        if (rises.Count > 0)
        {
            measures.Add(new("explanation/answer_rise/mean", rises.Average()));
        }

        return (explanations, measures);
    }

    /// <summary>By how much each explanation raises the log-probability of the final answer; those without one are left out.</summary>
    private List<double> Rises(IReadOnlyList<(Prompt Plain, KnownAnswer Answer, Rollout Rollout)> right)
    {
        var pairs = new List<Continuation>();
        foreach (var (plain, answer, rollout) in right)
        {
            var at = rollout.Text.LastIndexOf(answer.Final, StringComparison.Ordinal);
            if (at > 0)
            {
                var final = tokenizer.Encode(rollout.Text[at..]);
                pairs.Add(new Continuation([.. plain.TokenIds, .. tokenizer.Encode(rollout.Text[..at])], final));
                pairs.Add(new Continuation(plain.TokenIds, final));
            }
        }

        var scores = scorer.Score(pairs);
        return [.. Enumerable.Range(0, pairs.Count / 2).Select(i =>
            scores[2 * i].LogProbs.Sum(l => (double)l) - scores[(2 * i) + 1].LogProbs.Sum(l => (double)l))];
    }
}
