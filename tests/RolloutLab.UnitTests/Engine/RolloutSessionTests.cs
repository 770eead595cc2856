using RolloutLab.Core;

namespace RolloutLab.UnitTests.Engine;

/// <summary>Rounds that join those that run: what is handed out when follows from token time alone, whatever makes the rollouts.</summary>
public sealed class RolloutSessionTests
{
    private const int MaxNewTokens = 24;
    private const int MaxPositions = 64;

    private static readonly RolloutRequest Request = RequestFixture.Request(MaxNewTokens);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Groups_are_handed_out_by_token_time_whatever_the_engine_and_its_memory(int seed)
    {
        var random = new Random(seed);
        var preemptions = 0L;
        for (var trial = 0; trial < 60; trial++)
        {
            var script = Script.Random(random);
            var expected = script.Expected();

            Assert.Equal(expected, script.Run(new Immediate()).Log);
            for (var machine = 0; machine < 4; machine++)
            {
                var blockSize = random.Next(1, 8);
                var enough = (8 + MaxNewTokens + blockSize - 1) / blockSize;
                var runner = new PagedHashRunner(enough + random.Next(0, 6 * enough), blockSize, MaxPositions);
                var (log, statistics) = script.Run(RequestFixture.Source(runner, random.Next(1, 80), random.Next(1, 30)));
                Assert.Equal(expected, log);
                preemptions += statistics.Preemptions;
            }
        }

        Assert.True(preemptions > 50, $"Only {preemptions} preemptions: the memory was never short.");
    }

    [Theory]
    [MemberData(nameof(BranchPolicyContract.Policies), MemberType = typeof(BranchPolicyContract))]
    public void Trees_of_several_rounds_are_the_same_on_every_machine(string policy)
    {
        var random = new Random(11);
        List<string>? expected = null;
        for (var trial = 0; trial < 20; trial++)
        {
            var blockSize = random.Next(1, 6);
            var enough = (5 + 20 + blockSize - 1) / blockSize;
            var blocks = trial == 0 ? 4000 : enough + random.Next(0, 8 * enough);
            var runner = new TableRunner(TreeModels.Peaked, TreeModels.Vocabulary, blocks, blockSize);
            var source = TreeModels.Source(runner, PolicyCatalog.Create(policy), trial == 0 ? 4096 : random.Next(1, 60), trial == 0 ? 256 : random.Next(1, 40));
            var log = new List<string>();
            using var session = source.Open(3, RolloutPurpose.Training, new SamplingParameters { MaxNewTokens = 20 });
            session.Submit([Tree(0, 0, 4), Tree(1, 0, 6), Tree(2, 0, 2)]);
            foreach (var (leave, next) in new[] { (6, Tree(3, 0, 5)), (7, Tree(0, 4, 3)), (0, Tree(4, 0, 2)), (0, Tree(1, 6, 4)) })
            {
                var groups = session.Advance(leave, null, default);
                log.Add($"{session.InFlight}: {TreeModels.Describe(new RolloutResult([.. groups.Select(f => f.Group)], session.Statistics))}");
                session.Submit([next]);
            }

            log.Add(TreeModels.Describe(new RolloutResult([.. session.Advance(0, null, default).Select(f => f.Group)], session.Statistics)));
            expected ??= log;
            Assert.Equal(expected, log);
            Assert.Equal(0, session.InFlight);
        }
    }

    [Fact]
    public void A_round_joins_the_running_batch()
    {
        // The first round's rollouts have many lengths: with a barrier the second waits for the longest.
        PromptBudget[] first = [.. Enumerable.Range(0, 16).Select(i => Budget(i, 0, 1))];
        PromptBudget[] second = [.. Enumerable.Range(20, 16).Select(i => Budget(i, 0, 1))];
        var apart = new PagedHashRunner(400, 4, MaxPositions);
        var joined = new PagedHashRunner(400, 4, MaxPositions);

        var (all, _) = Two(apart, first, second, leave: 0);
        var (overlapping, early) = Two(joined, first, second, leave: 8);

        Assert.Equal(all, overlapping);
        Assert.InRange(early, 8, 15);
        Assert.True(joined.Steps < apart.Steps * 3 / 4, $"{joined.Steps} steps instead of {apart.Steps}");
    }

    [Fact]
    public void Progress_counts_the_rollouts_of_the_whole_session()
    {
        var progress = new List<int>();
        using var session = RequestFixture.Source(new PagedHashRunner(400, 4)).Open(5, RolloutPurpose.Training, Request.Sampling);
        session.Submit([Budget(1, 0, 6), Budget(2, 0, 3)]);
        session.Advance(3, new Reports(progress), default);
        session.Submit([Budget(1, 6, 4)]);
        session.Advance(0, new Reports(progress), default);

        Assert.Equal(13, progress[^1]);
        Assert.Equal(progress.Distinct().Order(), progress);
    }

    private static (List<string> Texts, int Early) Two(PagedHashRunner runner, PromptBudget[] first, PromptBudget[] second, int leave)
    {
        using var session = RequestFixture.Source(runner).Open(5, RolloutPurpose.Training, Request.Sampling);
        session.Submit(first);
        var early = session.Advance(leave, null, default);
        session.Submit(second);
        var late = session.Advance(0, null, default);
        return ([.. early.Concat(late).OrderBy(f => f.Budget.Prompt.Index).Select(f => f.Group.Rollouts[0].Text)], early.Count);
    }

    private static PromptBudget Budget(int prompt, int first, int rollouts) => new(RequestFixture.Prompt(prompt, 1 + (prompt % 8)), first, rollouts);

    private static PromptBudget Tree(int prompt, int first, int rollouts) => new(TreeModels.Prompt(prompt), first, rollouts);

    private static Rollout Make(PromptBudget budget, int index)
    {
        var (tokens, logProbs) = RequestFixture.Expected(Request, budget.Prompt, index, MaxPositions);
        return new Rollout { Index = index, TokenIds = [.. tokens], LogProbs = [.. logProbs], Text = "", FinishReason = FinishReason.Stop, PolicyVersion = 0 };
    }

    /// <summary>The toy model's rollouts, without an engine.</summary>
    private sealed class Immediate : IRolloutSource
    {
        public IRolloutSession Open(long step, RolloutPurpose purpose, SamplingParameters sampling) => new ImmediateRolloutSession(
            budget => new RolloutGroup(budget.Prompt, [.. Enumerable.Range(budget.FirstRollout, budget.Rollouts).Select(i => Make(budget, i))]));
    }

    /// <summary>Rounds, each with how many rollouts may stay in flight after it.</summary>
    private sealed record Script(List<(PromptBudget[] Round, int Leave)> Rounds)
    {
        public static Script Random(Random random)
        {
            var given = new int[6];
            return new([.. Enumerable.Range(0, random.Next(2, 6)).Select(_ =>
            {
                var prompts = Enumerable.Range(0, given.Length).Where(_ => random.Next(2) == 0).ToArray();
                random.Shuffle(prompts);
                var round = prompts.Select(p =>
                {
                    var count = random.Next(1, 6);
                    given[p] += count;
                    return Budget(p, given[p] - count, count);
                }).ToArray();
                return (round, random.Next(3) == 0 ? 0 : random.Next(0, 20));
            })]);
        }

        public (List<string> Log, RolloutStatistics Statistics) Run(IRolloutSource source)
        {
            var log = new List<string>();
            using var session = source.Open(5, RolloutPurpose.Training, Request.Sampling);
            foreach (var (round, leave) in Rounds.Append(([], 0)))
            {
                session.Submit(round);
                var groups = session.Advance(leave, null, default);
                log.Add($"{session.InFlight} left: " + string.Join("; ", groups.Select(g =>
                    $"{g.Budget.Prompt.Id} {string.Join(',', g.Group.Rollouts.Select(r => $"{r.Index}:{string.Join('.', r.TokenIds)}"))}")));
            }

            return (log, session.Statistics);
        }

        /// <summary>The definition, word for word: sort all that is in flight by when it is finished, take until few enough are left.</summary>
        public List<string> Expected()
        {
            var log = new List<string>();
            var (now, order) = (0, 0);
            var flight = new List<(int Finish, int Order, PromptBudget Budget, Rollout[] Rollouts)>();
            foreach (var (round, leave) in Rounds.Append(([], 0)))
            {
                foreach (var budget in round)
                {
                    var rollouts = Enumerable.Range(budget.FirstRollout, budget.Rollouts).Select(i => Make(budget, i)).ToArray();
                    flight.Add((now + rollouts.Max(r => r.Length), order++, budget, rollouts));
                }

                var given = new List<(int Finish, int Order, PromptBudget Budget, Rollout[] Rollouts)>();
                foreach (var next in flight.OrderBy(f => f.Finish).ThenBy(f => f.Order).ToList())
                {
                    if (flight.Sum(f => f.Rollouts.Length) > leave)
                    {
                        now = next.Finish;
                        flight.Remove(next);
                        given.Add(next);
                    }
                }

                log.Add($"{flight.Sum(f => f.Rollouts.Length)} left: " + string.Join("; ", given.OrderBy(g => g.Order).Select(g =>
                    $"{g.Budget.Prompt.Id} {string.Join(',', g.Rollouts.Select(r => $"{r.Index}:{string.Join('.', r.TokenIds)}"))}")));
            }

            return log;
        }
    }

    private sealed class Reports(List<int> values) : IProgress<int>
    {
        public void Report(int value) => values.Add(value);
    }
}
