using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;

namespace RolloutLab.UnitTests.Replay;

/// <summary>A log graded anew while it is read.</summary>
public sealed class VerifiedLogTests : IDisposable
{
    private const int Steps = 20;
    private const int Rollouts = 6;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"rolloutlab-{Guid.NewGuid():N}.jsonl");
    private int _graded;

    public void Dispose() => File.Delete(_path);

    [Theory]
    [InlineData(LogContents.Outcomes)]
    [InlineData(LogContents.Tokens)]
    public void Each_rollout_is_graded_once_however_often_the_log_is_read(LogContents contents)
    {
        var log = Verified(Log());

        var first = Verdicts(log.Read(contents));
        var again = Verdicts(log.Read(contents));

        Assert.Equal(Steps * Rollouts, _graded);
        Assert.Equal(first.Select(v => (v.Status, v.Reward)), again.Select(v => (v.Status, v.Reward)));
        Assert.Equal(first.Select(v => string.Join(' ', v.Parts)), again.Select(v => string.Join(' ', v.Parts)));

        // By length, not as the log says: every third is right, every third has no reward.
        Assert.Equal(Enumerable.Range(0, Steps * Rollouts).Select(i => (i % Rollouts % 3) switch { 0 => 1f, 1 => 0f, _ => float.NaN }), again.Select(v => v.Reward));
        Assert.Equal(contents.HasFlag(LogContents.Tokens), again.Any(v => v.Answer is not null));
    }

    [Fact]
    public void A_reading_that_ends_early_leaves_a_log_that_can_be_read_to_its_end()
    {
        var log = Verified(Log());
        foreach (var step in log.Read(LogContents.Outcomes))
        {
            Assert.Equal(1, step.Step);
            break;
        }

        var whole = log.Read(LogContents.Outcomes).ToList();
        Assert.Equal(Enumerable.Range(1, Steps).Select(s => (long)s), whole.Select(s => s.Step));
        Assert.Equal(Verdicts(whole).Select(v => v.Status), Verdicts(log.Read(LogContents.Outcomes)).Select(v => v.Status));
    }

    [Fact]
    public void What_is_wrong_with_the_log_reaches_the_reader()
    {
        var log = Verified(new Damaged(Log()));
        var read = 0;
        var error = Assert.Throws<RolloutStoreException>(() => read += log.Read(LogContents.Outcomes).Count(s => s.Step > 0));
        Assert.Equal("step 3 is damaged", error.Message);
    }

    private static List<Verdict> Verdicts(IEnumerable<LoggedStep> steps) => [.. steps.SelectMany(s => s.Groups).SelectMany(g => g.Outcomes).Select(o => o.Verdict!)];

    private VerifiedLog Verified(IRolloutLog log) => new(log, () => new ByLength(this), Steps);

    private ForeignLog Log()
    {
        File.WriteAllLines(_path, Enumerable.Range(0, Steps * Rollouts).Select(i =>
            $$"""{"step":{{(i / Rollouts) + 1}},"prompt_id":"p","prompt":"q","text":"{{new string('a', i % Rollouts)}}","reward":0.5}"""));
        return ForeignLog.Open(_path, new LogReplaySection(), null, CancellationToken.None);
    }

    /// <summary>Grades by the text's length, and counts.</summary>
    private sealed class ByLength(VerifiedLogTests test) : IGrader
    {
        public GradedGroup Grade(RolloutGroup group)
        {
            Interlocked.Add(ref test._graded, group.Rollouts.Count);
            return new GradedGroup(group, [.. group.Rollouts.Select(r => (r.Text.Length % 3) switch
            {
                0 => Verdict.Correct("yes") with { Parts = [1, 0.25f] },
                1 => Verdict.Wrong("no", "too long"),
                _ => Verdict.Fault("never"),
            })]);
        }
    }

    private sealed class Damaged(IRolloutLog inner) : IRolloutLog
    {
        public string Path => inner.Path;

        public IReadOnlyList<long>? Steps => inner.Steps;

        public int PromptSetSize => inner.PromptSetSize;

        public bool HasTokens => inner.HasTokens;

        public bool HasLogProbs => inner.HasLogProbs;

        public bool HasAnswers => inner.HasAnswers;

        public IEnumerable<LoggedStep> Read(LogContents contents) =>
            inner.Read(contents).Select(s => s.Step == 3 ? throw new RolloutStoreException("step 3 is damaged") : s);
    }
}
