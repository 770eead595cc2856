using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

/// <summary>Stored steps read one after another, and a few ahead.</summary>
public sealed class StoredLogTests : IDisposable
{
    // More files than one query takes.
    private const int Steps = 70;

    private readonly string _folder = Directory.CreateTempSubdirectory("rolloutlab-log-").FullName;

    public StoredLogTests()
    {
        using var store = new RolloutStore(_folder, "trial", []);
        foreach (var step in Enumerable.Range(1, Steps))
        {
            store.Append(Step(step));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(LogContents.Outcomes)]
    [InlineData(LogContents.Texts)]
    [InlineData(LogContents.Everything)]
    public void Steps_come_in_order_each_with_its_rows_and_those_without_rollouts_too(LogContents contents)
    {
        var steps = new StoredLog(_folder).Read(contents).ToList();

        Assert.Equal(Enumerable.Range(1, Steps).Select(s => (long)s), steps.Select(s => s.Step));
        Assert.Equal(Enumerable.Range(1, Steps).Select(Rollouts), steps.Select(s => s.Groups.Sum(g => g.Group.Rollouts.Count)));
        foreach (var step in steps)
        {
            var rows = step.Groups.SelectMany(g => g.Group.Rollouts.Zip(g.Outcomes)).ToList();
            Assert.Equal(Enumerable.Range(1, rows.Count).Select(row => (long)row), rows.Select(r => r.Second.Row));
            Assert.All(rows, r => Assert.Equal($"step-{step.Step:D6}.parquet", Path.GetFileName(r.Second.File)));
            Assert.All(rows, r => Assert.Equal(step.Step, r.First.PolicyVersion));
            Assert.All(rows.Select((r, i) => (r, i)), x => Assert.Equal(x.i % 2 == 0 ? FinishReason.Stop : FinishReason.Length, x.r.First.FinishReason));
            Assert.All(rows.Select((r, i) => (r, i)), x => Assert.Equal(x.i % 3 == 0 ? RolloutFate.Dropped : RolloutFate.Kept, x.r.Second.Fate));
            Assert.All(rows.Select((r, i) => (r, i)), x => Assert.Equal(1 + x.i, x.r.First.Length));
            Assert.Equal(contents.HasFlag(LogContents.Texts) ? rows.Select((_, i) => $"text {step.Step} {i}") : rows.Select(_ => ""), rows.Select(r => r.First.Text));
            Assert.Equal(step.Step % 10, step.Facts!.Statistics.TokensGenerated);
        }
    }

    [Fact]
    public void Reading_may_end_anywhere_and_begin_again()
    {
        var log = new StoredLog(_folder);
        foreach (var taken in (int[])[1, 5, 66])
        {
            Assert.Equal(taken, log.Read(LogContents.Texts).Take(taken).Last().Step);
        }

        Assert.Equal(Enumerable.Range(31, Steps - 30).Select(s => (long)s), log.After(30).Read(LogContents.Outcomes).Select(s => s.Step));
    }

    [Fact]
    public void A_damaged_file_is_named_after_the_steps_before_it()
    {
        var path = Path.Combine(_folder, "step-000068.parquet");
        var bytes = File.ReadAllBytes(path);
        bytes.AsSpan(4, bytes.Length / 2).Fill(0xA5);
        File.WriteAllBytes(path, bytes);
        var read = 0L;

        var error = Assert.Throws<RolloutStoreException>(() =>
        {
            foreach (var step in new StoredLog(_folder).Read(LogContents.Everything))
            {
                read = step.Step;
            }
        });

        Assert.InRange(read, 64, 67);
        Assert.Contains("step-0000", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Going_ahead_gives_the_same_items_and_what_goes_wrong_after_them()
    {
        var taken = new List<int>();
        var error = Assert.Throws<RolloutStoreException>(() => taken.AddRange(ReadAhead.Of(Failing(), 2).Select(i => i)));
        Assert.Equal("after 9", error.Message);

        taken.Clear();
        Assert.Throws<RolloutStoreException>(() =>
        {
            foreach (var item in ReadAhead.Of(Failing(), 2))
            {
                taken.Add(item);
            }
        });
        Assert.Equal(Enumerable.Range(0, 10), taken);

        static IEnumerable<int> Failing()
        {
            for (var i = 0; i < 10; i++)
            {
                yield return i;
            }

            throw new RolloutStoreException("after 9");
        }
    }

    [Fact]
    public void Whoever_stops_early_finds_the_sequence_closed_and_little_taken_ahead()
    {
        var (made, closed) = (0, false);
        foreach (var item in ReadAhead.Of(Counting(), 3))
        {
            if (item == 5)
            {
                break;
            }
        }

        Assert.True(closed);

        // Six were taken, three may wait, and one more is in hand.
        Assert.InRange(made, 6, 10);

        IEnumerable<int> Counting()
        {
            try
            {
                for (; ; made++)
                {
                    yield return made;
                }
            }
            finally
            {
                closed = true;
            }
        }
    }

    private static int Rollouts(int step) => step % 7 == 3 ? 0 : 1 + (step % 5);

    private static StoredStep Step(int step)
    {
        var decisions = Enumerable.Range(0, Rollouts(step)).Select(i => Decision(step, i)).ToList();
        var groups = decisions.GroupBy(d => d.Prompt.Index).Select(g => new RolloutGroup(g.First().Prompt, [.. g.Select(d => d.Rollout)])).ToList();
        return new StoredStep
        {
            Step = step, Groups = groups, Estimates = [.. groups.Select(_ => 0.5)], Decisions = decisions,
            Facts = new StepFacts(100, [], new RolloutStatistics(step % 10, 0, 0, 0)),
        };
    }

    private static RolloutDecision Decision(int step, int i) => new(
        new Prompt(i / 2, $"p{i / 2}", "1 2 =", [1, 2], "3"),
        new Rollout
        {
            Index = i % 2, TokenIds = [.. Enumerable.Range(0, 1 + i)], LogProbs = new float[1 + i], Text = $"text {step} {i}",
            FinishReason = i % 2 == 0 ? FinishReason.Stop : FinishReason.Length, PolicyVersion = step, TokensComputed = 3 + i,
        },
        Verdict.Correct("3"),
        0.5f,
        i % 3 == 0 ? RolloutFate.Dropped : RolloutFate.Kept,
        i % 3 == 0 ? "truncated" : "on_policy");
}
