using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;

namespace RolloutLab.UnitTests.Replay;

/// <summary>Drawing from a log, and giving a log back as it was made.</summary>
public sealed class LoggedRolloutsTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"rolloutlab-{Guid.NewGuid():N}.jsonl");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_plan_is_cut_to_the_log_and_what_lacks_is_counted_never_given_twice()
    {
        using var cursor = Cursor(prompts: 2, rollouts: 3);
        var wishes = new Wishes([[4, 1], [2, 1], [1, 0]]);
        var budget = new LoggedBudget(wishes, cursor);
        var source = new LoggedSource(cursor, new RandomStreams(5));
        var prompts = cursor.Current!.Groups.Select(g => g.Group.Prompt).ToList();

        var given = new List<Rollout>[] { [], [] };
        var groups = new List<GradedGroup>();
        using var session = source.Open(1, RolloutPurpose.Training, new SamplingParameters());
        for (var round = 0; round < 5; round++)
        {
            wishes.Given = [given[0].Count, given[1].Count];
            var plan = budget.NextRound(new BudgetRequest(1, round, prompts, groups));
            if (plan.Budgets.Count == 0)
            {
                break;
            }

            session.Submit(plan.Budgets);
            foreach (var (asked, group) in session.Advance(0, null, CancellationToken.None))
            {
                Assert.Equal(asked.Rollouts, group.Rollouts.Count);
                given[asked.Prompt.Index].AddRange(group.Rollouts);
                Assert.Equal(group.Rollouts.Select(r => r.Text.Length % 2 == 0), source.Grade(group).Verdicts.Select(v => v.IsCorrect));
            }
        }

        // The first prompt: 4 wanted, 3 there, then 2 and 1 more on top of the 3. The second: 1 and 1.
        Assert.Equal([3, 2], given.Select(g => g.Count));
        Assert.All(given, g => Assert.Equal(g.Count, g.Select(r => r.Text).Distinct().Count()));
        Assert.All(given, g => Assert.Equal(Enumerable.Range(0, g.Count), g.Select(r => r.Index)));
        Assert.Equal((5 + 2, 2), (budget.Planned, budget.Shortfall));
    }

    [Fact]
    public void Every_rollout_is_as_likely_to_be_drawn_first()
    {
        using var cursor = Cursor(prompts: 1, rollouts: 4);
        var prompt = cursor.Current!.Groups[0].Group.Prompt;
        var counts = new int[4];
        for (var step = 1; step <= 4000; step++)
        {
            var source = new LoggedSource(cursor, new RandomStreams(1));
            using var session = source.Open(step, RolloutPurpose.Training, new SamplingParameters());
            session.Submit([new PromptBudget(prompt, 0, 1)]);
            counts[session.Advance(0, null, CancellationToken.None)[0].Group.Rollouts[0].Text.Length - 1]++;
        }

        // Standard deviation 27.
        Assert.All(counts, n => Assert.InRange(n, 1000 - 140, 1000 + 140));
    }

    [Fact]
    public void The_trees_of_rounds_are_the_parts_their_join_was_made_of()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new RandomStreams((ulong)seed).Stream(StreamPurpose.DatasetGeneration);
            var position = 0L;
            var sizes = Enumerable.Range(0, 1 + random.Below(position++, 3)).Select(_ => 1 + random.Below(position++, 4)).ToList();
            var joined = RolloutTree.Empty;
            var first = 0;
            foreach (var size in sizes)
            {
                joined = joined.Join(Grow(first, size, random, ref position));
                first += size;
            }

            var again = RolloutTree.Empty;
            var from = 0;
            foreach (var size in sizes)
            {
                again = again.Join(RoundTree.Of(joined, from, from + size, first));
                from += size;
            }

            Assert.Equal(joined.Branches, again.Branches);
            Assert.Equal((joined.Suppressed, joined.SaturatedAt), (again.Suppressed, again.SaturatedAt));
        }
    }

    private static RolloutTree Grow(int first, int leaves, RandomStream random, ref long position)
    {
        var branches = new List<TreeBranch>();
        for (var leaf = 0; leaf < leaves;)
        {
            var parent = random.Below(position++, branches.Count + 1) - 1;
            var pruned = random.Below(position++, 3) == 0;
            branches.Add(new TreeBranch
            {
                Parent = parent, ForkPosition = 0, Kind = parent < 0 ? BranchKind.Root : BranchKind.Forced, Length = branches.Count,
                RemovedFor = pruned ? "pruned" : null, Rollout = pruned ? -1 : first + leaf, Text = "",
            });
            leaf += pruned ? 0 : 1;
        }

        return new RolloutTree(branches, random.Below(position++, 5), random.Below(position++, 5) - 1);
    }

    /// <summary>A log of one step; the texts of a prompt are a, aa, aaa, ... and the even ones are right.</summary>
    private LogCursor Cursor(int prompts, int rollouts)
    {
        File.WriteAllLines(_path, Enumerable.Range(0, prompts * rollouts).Select(i =>
            $$"""{"step":1,"prompt_id":"{{i / rollouts}}","prompt":"q","text":"{{new string('a', (i % rollouts) + 1)}}","reward":{{i % rollouts % 2}}}"""));
        var cursor = new LogCursor(ForeignLog.Open(_path, new LogReplaySection(), null, CancellationToken.None), LogContents.Everything);
        Assert.True(cursor.MoveNext());
        return cursor;
    }

    /// <summary>Wants so many rollouts of each prompt in each round.</summary>
    private sealed class Wishes(int[][] rounds) : IBudgetAllocator
    {
        public int[] Given { get; set; } = [];

        public BudgetPlan NextRound(BudgetRequest request)
        {
            var wanted = request.Round < rounds.Length ? rounds[request.Round] : [];
            var budgets = wanted.Select((n, i) => new PromptBudget(request.Prompts[i], Given[i], n)).Where(b => b.Rollouts > 0).ToList();
            return new BudgetPlan(budgets, 0);
        }
    }
}
