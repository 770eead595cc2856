using RolloutLab.Allocation;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.UnitTests.Batching;
using RolloutLab.UnitTests.Data.Tokenizers;
using RolloutLab.UnitTests.Recipes;

namespace RolloutLab.UnitTests.Orchestration;

/// <summary>Which prompts get examples, which examples, and what becomes of their rollouts.</summary>
public sealed class SeedingTests : IDisposable
{
    private static readonly CharacterTokenizer Tokenizer = CountdownVocabulary.CreateTokenizer();
    private static readonly Prompt[] Prompts = [.. new[] { "6 7 4:46", "6 7 4:45", "1 2 3:6", "6 7 5:46" }.Select((answer, i) =>
        new Prompt(i, $"p{i}", answer + "=", Tokenizer.Encode(answer + "="), answer))];

    private readonly string _folder = Directory.CreateTempSubdirectory("rolloutlab-seeding-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Only_prompts_whose_every_rollout_is_wrong_get_examples_the_most_alike_last()
    {
        var seeder = Seeder("examples: 2", out var corpus);
        corpus.Add(new SolvedExample(1, Prompts[1].Text, "7*6=42,42+3=45!"));
        corpus.Add(new SolvedExample(3, Prompts[3].Text, "6*7=42,42+4=46!"));
        corpus.Add(new SolvedExample(2, Prompts[2].Text, "1+2=3,3+3=6!"));
        var plan = new BudgetPlan([.. Prompts.Select(p => new PromptBudget(p, 2, 4))], 16);
        GradedGroup[] groups = [Graded(0, false, false), Graded(1, false, true), Faulty(2), new(new RolloutGroup(Prompts[3], []), [])];

        var (seeded, report) = seeder.Seed(plan, groups);

        Assert.Equal([1, 2, 3], Enumerable.Range(0, 4).Where(i => ReferenceEquals(seeded.Budgets[i].Prompt, Prompts[i])));
        var asked = seeded.Budgets[0].Prompt;
        var nearest = corpus.Nearest(Prompts[0], 2, 0).Select(e => e.Example.Prompt).ToList();
        Assert.Equal([nearest[1], nearest[0]], asked.Examples);
        Assert.Equal(string.Concat(asked.Examples.Select(e => $"{Prompts[e].Text}{(e == 1 ? "7*6=42,42+3=45!" : "6*7=42,42+4=46!")} ")) + Prompts[0].Text, asked.Text);
        Assert.Equal(Tokenizer.Encode(asked.Text), asked.TokenIds);
        Assert.Equal((Prompts[0].Index, Prompts[0].Id, Prompts[0].Answer), (asked.Index, asked.Id, asked.Answer));
        Assert.Equal((1, 2, 0, 0), (report.Seeded, report.Examples, report.NoNeighbour, report.TooLong));
        Assert.Equal((2, 4), (seeded.Budgets[0].FirstRollout, seeded.Budgets[0].Rollouts));
    }

    /// <summary>A base Llama's tokenizer puts a token before a text: it stays in front, once, where examples come before the question.</summary>
    [Fact]
    public void The_token_that_begins_a_text_comes_before_the_examples()
    {
        using var small = SmallTokenizer.ByteLevel().With("<bos>", special: true).Set("post_processor", """
            {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<bos>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],
             "special_tokens":{"<bos>":{"id":"<bos>","ids":[257],"tokens":["<bos>"]}}}
            """);
        var tokenizer = small.Load();
        var corpus = new ExampleCorpus(8, 2);
        corpus.Add(new SolvedExample(1, Prompts[1].Text, "46!"));
        var seeder = new PromptSeeder(Section("min_similarity: 0"), corpus, tokenizer, 96);
        var question = Prompts[0] with { TokenIds = tokenizer.EncodeDocument(Prompts[0].Text) };

        var asked = seeder.Seed(new BudgetPlan([new PromptBudget(question, 2, 4)], 4), [Graded(0, false)]).Plan.Budgets[0].Prompt;

        Assert.Equal([1], asked.Examples);
        Assert.Equal([257, .. tokenizer.Encode(asked.Text)], asked.TokenIds);
    }

    [Fact]
    public void Without_a_near_or_short_example_a_prompt_stays_as_it_is_and_the_reason_counts()
    {
        var plan = new BudgetPlan([new PromptBudget(Prompts[0], 2, 4)], 4);
        GradedGroup[] groups = [Graded(0, false)];
        var none = Seeder("examples: 2", out _).Seed(plan, groups);
        var far = Seeder("min_similarity: 0.99", out var corpus);
        corpus.Add(new SolvedExample(1, Prompts[1].Text, "7*6=42,42+3=45!"));

        Assert.Same(Prompts[0], none.Plan.Budgets[0].Prompt);
        Assert.Equal((0, 1, 0), (none.Report.Seeded, none.Report.NoNeighbour, none.Report.TooLong));
        Assert.Equal((0, 1), (far.Seed(plan, groups).Report.Seeded, far.Seed(plan, groups).Report.NoNeighbour));
        var fitted = Seeder("min_similarity: 0", out var other, maxPromptTokens: 32);
        other.Add(new SolvedExample(1, Prompts[1].Text, "7*6=42,42+3=45!"));
        Assert.Equal(1, fitted.Seed(plan, groups).Report.TooLong);
        Assert.Same(Prompts[0], fitted.Seed(plan, groups).Plan.Budgets[0].Prompt);
        other.Add(new SolvedExample(3, Prompts[3].Text, "42+4=46!"));
        Assert.Equal([3], fitted.Seed(plan, groups).Plan.Budgets[0].Prompt.Examples);
    }

    [Fact]
    public void The_shortest_right_answer_is_remembered_cut_or_left_out_when_too_long()
    {
        var cut = Seeder("max_solution_tokens: 5", out var first);
        var skip = Seeder("max_solution_tokens: 5, overlong: skip", out var second);
        GradedGroup[] round =
        [
            Answered(0, ("9+9=18x7*6=42,42+4=46!", true), ("6*7=42,42+4=46!", true), ("7!", false)),
            Answered(1, ("46!", true)), Answered(2, ("6!", false)), Answered(3, ("4x", true)),
        ];

        var (a, b) = (cut.Learn(round, i => Prompts[i].Text), skip.Learn(round, i => Prompts[i].Text));

        Assert.Equal((2, 1, 1, 2), (a.Learned, a.Truncated, a.Skipped, a.Corpus));
        Assert.Equal((1, 0, 2, 1), (b.Learned, b.Truncated, b.Skipped, b.Corpus));
        Assert.Equal("7*6=4", first.Nearest(Prompts[1], 1, 0)[0].Example.Solution);
        Assert.Equal("46!", Assert.Single(second.Nearest(Prompts[0], 9, 0)).Example.Solution);
    }

    /// <summary>
    /// Round 1 solves prompt 1 only; round 2 asks prompt 0 with that as an example and succeeds. The rollouts are one group of
    /// the plain prompt for advantages and budgets, and each is trained on the tokens it was sampled from.
    /// </summary>
    [Fact]
    public void Seeded_rollouts_belong_to_the_plain_prompts_group_and_are_trained_on_their_own_prompt()
    {
        var seeder = Seeder("min_similarity: 0.05", out _);
        var source = new ScriptedSource(prompt => prompt.Examples.Length > 0 || prompt.Index == 1 ? "46!" : "4x");
        var ledger = new PromptLedger(4, new LedgerOptions(0.9));
        using var metrics = new MetricsLog(Path.Combine(_folder, "m.jsonl"));
        var recorder = new RunRecorder(metrics, null, null, null, 0, null, 0, new SilentObserver());
        var planner = new RolloutPlanner(new TwoRounds(), overlap: 0, ledger, source, new Grader(new ClaimVerifier()), recorder, seeder);

        var (groups, _, planning) = planner.RollOut(1, Prompts[..2], new SamplingParameters(), new PhaseClock());

        var hard = groups[0];
        Assert.Same(Prompts[0], hard.Group.Prompt);
        Assert.Equal([0, 1, 2, 3], hard.Group.Rollouts.Select(r => r.Index));
        Assert.Equal([null, null, 1, 1], hard.Group.Rollouts.Select(r => r.SampledFrom?.Examples.Single()));
        Assert.All(groups[1].Group.Rollouts, r => Assert.Null(r.SampledFrom));
        Assert.Equal((1, 0), (planning.Seeding!.Seeded, planning.Seeding.NoNeighbour));
        Assert.Equal(0.5f, ledger[0].LastRate);

        var question = Advantages(groups, bySampledPrompt: false);
        var decisions = new BatchRecomposer([], new RandomStreams(1), 1).Recompose(1, groups, question, 0).Sampled;
        Assert.Equal([-0.5f, -0.5f, 0.5f, 0.5f], decisions.Take(4).Select(d => d.Advantage));
        Assert.Equal(["on_policy", "on_policy", "seeded", "seeded"], decisions.Take(4).Select(d => d.Reason));
        Assert.Same(Prompts[0], decisions[0].Prompt);
        Assert.Same(hard.Group.Rollouts[2].SampledFrom, decisions[2].Prompt);

        var packed = Assert.Single(new OptimizerBatchBuilder(Sections.Loss, Sections.Update, 8).Build(decisions)).MicroBatches.Single();
        Assert.Equal(Paths(decisions.Take(4)), Paths(packed));
        Assert.Equal([0, 0, 0, 0], Advantages(groups, bySampledPrompt: true)[0].Rollouts);
    }

    [Fact]
    public void Grouped_by_prompt_each_advantage_is_taken_against_rollouts_of_the_same_prompt()
    {
        var (one, two) = (Prompts[0] with { Text = "a", Examples = [1] }, Prompts[0] with { Text = "b", Examples = [2] });
        var graded = Answered(0, ("!", true), ("", false), ("!", true), ("", false), ("", false), ("!", true), ("!", true));
        Prompt?[] from = [null, one, one, two, null, two, two];
        var group = graded with { Group = graded.Group with { Rollouts = [.. graded.Group.Rollouts.Select((r, i) => r with { SampledFrom = from[i] })] } };

        var advantages = Advantages([group, Answered(1, ("!", true), ("", false))], bySampledPrompt: true);

        Assert.Equal([0.5, -0.5, 0.5, -2.0 / 3, -0.5, 1.0 / 3, 1.0 / 3], advantages[0].Rollouts.Select(a => Math.Round(a, 12)), (x, y) => Math.Abs(x - y) < 1e-9);
        Assert.Equal([0.5, -0.5], advantages[1].Rollouts);
    }

    [Theory]
    [InlineData("budget: { type: uniform }", "seeding", "set budget.type to xrpo or adaptive")]
    [InlineData("budget: { type: knapsack }", "seeding", "set budget.type to xrpo or adaptive")]
    [InlineData("budget: { type: xrpo, first_round: 8, rollouts_per_prompt: 8 }", "seeding", "above the first round")]
    [InlineData("budget: { type: adaptive, n_low: 8, rollouts_per_prompt: 8 }", "seeding", "above the first round")]
    [InlineData("budget: { type: xrpo }\nadvantage: { type: tree }", "seeding.group = question", "set it to prompt")]
    public void A_recipe_in_which_examples_can_never_be_shown_is_refused(string budget, params string[] parts)
    {
        var error = RecipeText.ErrorOf(RecipeText.Minimal + budget + "\nseeding: {}\n");
        Assert.All(parts, part => Assert.Contains(part, error, StringComparison.Ordinal));
    }

    private static IReadOnlyList<GroupAdvantages> Advantages(IReadOnlyList<GradedGroup> groups, bool bySampledPrompt) => new SharpenedAdvantages(
        new GrpoAdvantage(Sections.Grpo with { Normalize = AdvantageNormalization.None }), new RewardGroups([]), null, bySampledPrompt).Of(groups);

    private static SeedingSection Section(string keys) => RecipeText.Parse(RecipeText.Minimal + $"budget: {{ type: xrpo }}\nseeding: {{ {keys} }}\n").Seeding!;

    private static PromptSeeder Seeder(string keys, out ExampleCorpus corpus, int maxPromptTokens = 128) =>
        new(Section(keys), corpus = new ExampleCorpus(16, 3), Tokenizer, maxPromptTokens);

    private static GradedGroup Graded(int prompt, params bool[] right) => Answered(prompt, [.. right.Select(r => ("1!", r))]);

    private static GradedGroup Faulty(int prompt) => Graded(prompt, false) with { Verdicts = [Verdict.Fault("broken")] };

    private static GradedGroup Answered(int prompt, params (string Text, bool IsRight)[] answers) => new(
        new RolloutGroup(Prompts[prompt], [.. answers.Select((a, i) => RolloutOf(i, a.Text))]),
        [.. answers.Select(a => a.IsRight ? Verdict.Correct("a") : Verdict.Wrong("b", "wrong"))]);

    private static Rollout RolloutOf(int index, string text) => new()
    {
        Index = index,
        TokenIds = [.. Tokenizer.Encode(text), Tokenizer.EndOfTextId],
        LogProbs = new float[text.Length + 1],
        Text = text,
        FinishReason = FinishReason.Stop,
        PolicyVersion = 0,
    };

    private static List<string> Paths(IEnumerable<RolloutDecision> decisions) =>
        [.. decisions.Select(d => string.Join(',', d.Prompt.TokenIds.Concat(d.Rollout.TokenIds))).Order(StringComparer.Ordinal)];

    private static List<string> Paths(MicroBatch batch)
    {
        var (paths, path) = (new List<string>(), new List<int>());
        for (var s = 0; s < batch.SequenceCount; s++)
        {
            path = [.. path.Take(batch.PrefixLengths[s]), .. batch.InputIds[batch.CuSeqLens[s]..batch.CuSeqLens[s + 1]]];
            paths.Add(string.Join(',', path));
        }

        return [.. paths.Order(StringComparer.Ordinal)];
    }

    private sealed class ScriptedSource(Func<Prompt, string> answer) : IRolloutSource
    {
        public IRolloutSession Open(long step, RolloutPurpose purpose, SamplingParameters sampling) => new ImmediateRolloutSession(b => new RolloutGroup(
            b.Prompt, [.. Enumerable.Range(b.FirstRollout, b.Rollouts).Select(i => RolloutOf(i, answer(b.Prompt)))]));
    }

    private sealed class ClaimVerifier : IVerifier
    {
        public Verdict Verify(Prompt prompt, string response) => response.EndsWith('!') ? Verdict.Correct(response) : Verdict.Wrong(response, "no claim");
    }

    private sealed class TwoRounds : IBudgetAllocator
    {
        public BudgetPlan NextRound(BudgetRequest request) => request.Round > 1
            ? BudgetPlan.Empty
            : new BudgetPlan([.. request.Prompts.Select(p => new PromptBudget(p, 2 * request.Round, 2))], 2 * request.Prompts.Count);
    }
}
