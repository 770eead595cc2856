using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Recipes;

namespace RolloutLab.Orchestration;

/// <summary>
/// In-context seeding (XRPO, arXiv 2510.06672): before a round that follows others, each of its prompts all of whose
/// rollouts are wrong so far gets solved examples before its question, and after each round the solved prompts' shortest
/// right answers become examples. The most alike example stands next to the question. A prompt without an example near
/// enough, or short enough, stays as it is.
/// </summary>
public sealed class PromptSeeder
{
    // Where the nearest examples are too long for the context, the next nearest may fit.
    private const int CandidatesPerExample = 4;

    private readonly SeedingSection _section;
    private readonly ExampleCorpus _corpus;
    private readonly ExampleTemplate _template;
    private readonly ITokenizer _tokenizer;
    private readonly int _maxPromptTokens;

    /// <summary>Creates a seeder.</summary>
    /// <param name="section">How many examples, how near, how written.</param>
    /// <param name="corpus">The examples; borrowed, added to.</param>
    /// <param name="tokenizer">The policy's tokenizer.</param>
    /// <param name="maxPromptTokens">Most tokens of a prompt with its examples.</param>
    /// <exception cref="DataException">The tokenizer cannot write the template.</exception>
    public PromptSeeder(SeedingSection section, ExampleCorpus corpus, ITokenizer tokenizer, int maxPromptTokens)
    {
        ArgumentNullException.ThrowIfNull(section);
        ArgumentNullException.ThrowIfNull(tokenizer);
        (_section, _corpus, _tokenizer, _maxPromptTokens) = (section, corpus, tokenizer, maxPromptTokens);
        _template = new ExampleTemplate(section.Template, section.SolutionAfter);
        _ = tokenizer.Encode(_template.Apply("", ""));
    }

    /// <summary>The round's plan with examples where its prompts are unsolved so far.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="groups">The step's groups so far.</param>
    public (BudgetPlan Plan, SeedingReport Report) Seed(BudgetPlan plan, IReadOnlyList<GradedGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var unsolved = groups.Where(IsUnsolved).Select(g => g.Group.Prompt.Index).ToHashSet();
        var report = new SeedingReport { Corpus = _corpus.Count };
        var budgets = new List<PromptBudget>(plan.Budgets.Count);
        foreach (var budget in plan.Budgets)
        {
            budgets.Add(unsolved.Contains(budget.Prompt.Index) ? budget with { Prompt = Seeded(budget.Prompt, ref report) } : budget);
        }

        return (plan with { Budgets = budgets }, report);
    }

    /// <summary>Remembers the shortest right answer to each of the groups' prompts, the first of equal ones.</summary>
    /// <param name="round">A round's groups, with the prompts they were sampled from.</param>
    /// <param name="questionOf">The plain text of a prompt, by its index.</param>
    public SeedingReport Learn(IReadOnlyList<GradedGroup> round, Func<int, string> questionOf)
    {
        var report = new SeedingReport();
        foreach (var graded in round)
        {
            var shown = Enumerable.Range(0, graded.Count)
                .Where(i => graded.Verdicts[i].IsCorrect)
                .Select(i => _template.Shown(graded.Group.Rollouts[i].Text))
                .MinBy(text => text.Length);
            if (shown is not null)
            {
                Learn(graded.Group.Prompt.Index, questionOf, shown, ref report);
            }
        }

        return report with { Corpus = _corpus.Count };
    }

    private static bool IsUnsolved(GradedGroup graded) =>
        graded.Verdicts.Any(v => v.Status is VerdictStatus.Wrong or VerdictStatus.Malformed) && !graded.Verdicts.Any(v => v.IsCorrect);

    private void Learn(int prompt, Func<int, string> questionOf, string shown, ref SeedingReport report)
    {
        var tokens = _tokenizer.Encode(shown);
        var isLong = tokens.Length > _section.MaxSolutionTokens;
        if (tokens.Length == 0 || (isLong && _section.Overlong == OverlongExample.Skip))
        {
            report = report with { Skipped = report.Skipped + 1 };
            return;
        }

        if (isLong)
        {
            shown = _tokenizer.Decode(tokens.AsSpan(0, _section.MaxSolutionTokens));
            report = report with { Truncated = report.Truncated + 1 };
        }

        _corpus.Add(new SolvedExample(prompt, questionOf(prompt), shown));
        report = report with { Learned = report.Learned + 1 };
    }

    private Prompt Seeded(Prompt prompt, ref SeedingReport report)
    {
        var candidates = _corpus.Nearest(prompt, CandidatesPerExample * _section.Examples, _section.MinSimilarity);
        var chosen = new List<SimilarExample>();
        var seeded = prompt;
        foreach (var candidate in candidates)
        {
            if (chosen.Count < _section.Examples && Compose(prompt, [candidate, .. Enumerable.Reverse(chosen)]) is { } composed)
            {
                chosen.Add(candidate);
                seeded = composed;
            }
        }

        report = chosen.Count > 0
            ? report with
            {
                Seeded = report.Seeded + 1,
                Examples = report.Examples + chosen.Count,
                Similarity = report.Similarity + chosen.Sum(c => c.Similarity),
            }
            : candidates.Count == 0 ? report with { NoNeighbour = report.NoNeighbour + 1 }
            : report with { TooLong = report.TooLong + 1 };
        return seeded;
    }

    /// <summary>The prompt after examples; null when it is too long.</summary>
    private Prompt? Compose(Prompt prompt, IReadOnlyList<SimilarExample> examples)
    {
        var text = string.Concat(examples.Select(e => _template.Apply(e.Example.Question, e.Example.Solution))) + prompt.Text;
        var tokens = _tokenizer.EncodeInPlaceOf(prompt, text);
        return tokens.Length <= _maxPromptTokens
            ? prompt with { Text = text, TokenIds = tokens, Examples = [.. examples.Select(e => e.Example.Prompt)] }
            : null;
    }
}
