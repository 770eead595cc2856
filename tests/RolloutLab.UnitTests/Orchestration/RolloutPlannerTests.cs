using RolloutLab.Allocation;
using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.UnitTests.Engine;

namespace RolloutLab.UnitTests.Orchestration;

/// <summary>Rounds of a step on the engine: what is planned, from what, and in which order results are put together.</summary>
public sealed class RolloutPlannerTests : IDisposable
{
    private const int Prompts = 12;

    private readonly string _folder = Directory.CreateTempSubdirectory("rolloutlab-planner-").FullName;

    public static TheoryData<string, double> Rounds => new()
    {
        { "xrpo, first_round: 3, round_rollouts: 8, n_up: 24", 0 },
        { "xrpo, first_round: 3, round_rollouts: 8, n_up: 24", 0.5 },
        { "xrpo, first_round: 3, round_rollouts: 8, n_up: 24", 0.9 },
        { "adaptive, n_low: 2, round_rollouts: 2, n_up: 30", 0 },
        { "adaptive, n_low: 2, round_rollouts: 2, n_up: 30", 0.8 },
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Rounds))]
    public void Plans_and_rollouts_are_the_same_on_every_machine(string budget, double overlap)
    {
        var random = new Random(4);
        string? expected = null;
        for (var trial = 0; trial < 25; trial++)
        {
            var blockSize = random.Next(1, 8);
            var enough = (8 + 24 + blockSize - 1) / blockSize;
            var runner = new PagedHashRunner(trial == 0 ? 4000 : enough + random.Next(0, 9 * enough), blockSize);
            var source = trial == 0 ? RequestFixture.Source(runner) : RequestFixture.Source(runner, random.Next(1, 60), random.Next(1, 30));
            var watched = new Watched(source);
            var groups = RollOut(budget, overlap, watched).Groups;
            var described = string.Join('\n', watched.Rounds) + '\n' + string.Join('\n', groups.Select(g =>
                $"{g.Group.Prompt.Id}: {string.Join(' ', g.Group.Rollouts.Select((r, j) => $"{r.Index}{r.Text}{(g.Verdicts[j].IsCorrect ? "+" : "-")}"))}"));
            expected ??= described;
            Assert.Equal(expected, described);
        }
    }

    [Theory]
    [MemberData(nameof(Rounds))]
    public void Groups_have_all_rollouts_in_order_each_with_its_own_verdict(string budget, double overlap)
    {
        var watched = new Watched(RequestFixture.Source(new PagedHashRunner(4000, 4)));
        var (groups, statistics, planning) = RollOut(budget, overlap, watched);

        Assert.Equal(watched.Rounds.Count, planning.Rounds);
        Assert.True(planning.Rounds > 3, $"{planning.Rounds} rounds");
        Assert.True(groups.Sum(g => g.Count) is > 40 and <= Prompts * 8);
        Assert.Equal(groups.Sum(g => g.Group.Rollouts.Sum(r => (long)r.Length)), statistics.TokensGenerated);
        foreach (var group in groups)
        {
            Assert.Equal(Enumerable.Range(0, group.Count), group.Group.Rollouts.Select(r => r.Index));
            Assert.Equal(group.Group.Rollouts.Select(r => EndsEarly.IsRight(r.Text)), group.Verdicts.Select(v => v.IsCorrect));
            foreach (var rollout in group.Group.Rollouts)
            {
                var request = RequestFixture.Request(24) with { Step = 2 };
                Assert.Equal(RequestFixture.Expected(request, group.Group.Prompt, rollout.Index, 64).Tokens, rollout.TokenIds);
            }
        }
    }

    [Theory]
    [InlineData("xrpo, first_round: 3, round_rollouts: 8, n_up: 24", 0.5)]
    [InlineData("adaptive, n_low: 2, round_rollouts: 2, n_up: 30", 0.9)]
    public void Without_overlap_every_round_knows_all_before_it_and_with_it_the_engine_takes_fewer_steps(string budget, double overlap)
    {
        var (apart, joined) = (new PagedHashRunner(4000, 4), new PagedHashRunner(4000, 4));
        var strict = new Watched(RequestFixture.Source(apart));
        var busy = new Watched(RequestFixture.Source(joined));
        RollOut(budget, 0, strict);
        RollOut(budget, overlap, busy);

        Assert.All(strict.InFlightBefore, n => Assert.Equal(0, n));
        Assert.Contains(busy.InFlightBefore, n => n > 0);
        Assert.True(joined.Steps < apart.Steps * 0.85, $"{joined.Steps} steps instead of {apart.Steps}");
    }

    [Fact]
    public void A_log_with_too_few_rollouts_ends_the_rounds()
    {
        var source = new Watched(new ShortLog());
        var groups = RollOut("adaptive, n_low: 2, round_rollouts: 2, n_up: 30", 0.5, source).Groups;

        Assert.All(groups, g => Assert.Equal(3, g.Count));
        Assert.InRange(source.Rounds.Count, 2, 40);
    }

    private (IReadOnlyList<GradedGroup> Groups, RolloutStatistics Statistics, PlanningReport Planning) RollOut(
        string budget, double overlap, IRolloutSource source)
    {
        var section = RecipeLoader.Parse(
            "model: { path: model }\n", "test.yaml", "/",
            [$"budget={{ type: {budget}, prompts_per_step: {Prompts}, rollouts_per_prompt: 8 }}"]).Budget;
        var ledger = new PromptLedger(Prompts, new LedgerOptions(0.9));
        using var metrics = new MetricsLog(Path.Combine(_folder, $"{Guid.NewGuid()}.jsonl"));
        var recorder = new RunRecorder(metrics, null, null, null, 0, null, 0, new SilentObserver());
        var allocator = AllocationRules.Create(section, ledger, new RandomStreams(1));
        return new RolloutPlanner(allocator, overlap, ledger, source, new Grader(new EndsEarly()), recorder).RollOut(
            2, [.. Enumerable.Range(0, Prompts).Select(i => RequestFixture.Prompt(i, 1 + (i % 8)))], new SamplingParameters { MaxNewTokens = 24 }, new PhaseClock());
    }

    /// <summary>Some texts are right.</summary>
    private sealed class EndsEarly : IVerifier
    {
        public static bool IsRight(string text) => text.Length > 0 && (text[^1] + text.Length) % 5 == 0;

        public Verdict Verify(Prompt prompt, string response) => IsRight(response) ? Verdict.Correct("1") : Verdict.Wrong("0", "no");
    }

    /// <summary>Writes down what is submitted.</summary>
    private sealed class Watched(IRolloutSource source) : IRolloutSource
    {
        public List<string> Rounds { get; } = [];

        public List<int> InFlightBefore { get; } = [];

        public IRolloutSession Open(long step, RolloutPurpose purpose, SamplingParameters sampling) =>
            new Session(this, source.Open(step, purpose, sampling));

        private sealed class Session(Watched watched, IRolloutSession session) : IRolloutSession
        {
            public int InFlight => session.InFlight;

            public RolloutStatistics Statistics => session.Statistics;

            public void Submit(IReadOnlyList<PromptBudget> round)
            {
                watched.InFlightBefore.Add(session.InFlight);
                watched.Rounds.Add(string.Join(' ', round.Select(b => $"{b.Prompt.Id}@{b.FirstRollout}+{b.Rollouts}")));
                session.Submit(round);
            }

            public IReadOnlyList<FinishedGroup> Advance(int leave, IProgress<int>? progress, CancellationToken cancellation) =>
                session.Advance(leave, progress, cancellation);

            public void Dispose() => session.Dispose();
        }
    }

    /// <summary>Three wrong rollouts of every prompt and no more.</summary>
    private sealed class ShortLog : IRolloutSource
    {
        public IRolloutSession Open(long step, RolloutPurpose purpose, SamplingParameters sampling) => new ImmediateRolloutSession(
            budget => new RolloutGroup(budget.Prompt, [.. Enumerable.Range(budget.FirstRollout, budget.Rollouts).Where(i => i < 3).Select(Wrong)]));

        private static Rollout Wrong(int index) => new()
        {
            Index = index, TokenIds = new int[1 + index], LogProbs = new float[1 + index], Text = "", FinishReason = FinishReason.Stop, PolicyVersion = 0,
        };
    }
}
