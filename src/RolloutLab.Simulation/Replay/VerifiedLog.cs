using RolloutLab.Orchestration;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>
/// A log with the verdicts of the recipe's own verifier in place of its own. Each rollout is graded once, however often the
/// log is read: while it is read for the first time, on a thread beside the reader's and the replay's. Later readings do
/// without the texts. One reading at a time.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="grader">Makes the grader.</param>
/// <param name="steps">Steps that are read of it.</param>
internal sealed class VerifiedLog(IRolloutLog log, Func<IGrader> grader, long steps) : IRolloutLog
{
    /// <summary>Graded steps that wait to be replayed.</summary>
    private const int MostWaiting = 4;

    private readonly List<StepVerdicts> _known = [];

    /// <inheritdoc/>
    public string Path => log.Path;

    /// <inheritdoc/>
    public IReadOnlyList<long>? Steps => log.Steps;

    /// <inheritdoc/>
    public int PromptSetSize => log.PromptSetSize;

    /// <inheritdoc/>
    public bool HasTokens => log.HasTokens;

    /// <inheritdoc/>
    public bool HasLogProbs => log.HasLogProbs;

    /// <inheritdoc/>
    public bool HasAnswers => log.HasAnswers;

    /// <inheritdoc/>
    public IEnumerable<LoggedStep> Read(LogContents contents) => _known.Count >= Math.Min(steps, log.Steps?.Count ?? 1)
        ? log.Read(contents & ~LogContents.Texts).Zip(_known, (step, verdicts) => verdicts.In(step))
        : ReadAhead.Of(Graded(contents), MostWaiting);

    private IEnumerable<LoggedStep> Graded(LogContents contents)
    {
        var own = grader();
        foreach (var (at, step) in log.Read(contents | LogContents.Texts).Index())
        {
            var graded = step with { Groups = [.. step.Groups.Select(g => Graded(own, g))] };
            if (at == _known.Count)
            {
                _known.Add(new StepVerdicts(graded.Groups, withAnswers: contents.HasFlag(LogContents.Tokens)));
            }

            yield return graded;
        }
    }

    private static LoggedGroup Graded(IGrader grader, LoggedGroup group)
    {
        var verdicts = grader.Grade(group.Group).Verdicts;
        return group with { Outcomes = [.. group.Outcomes.Select((o, j) => o with { Verdict = verdicts[j] })] };
    }
}
