using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
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
    private const int MostWaiting = 8;

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
        : Ahead(Graded(contents));

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

    /// <summary>Goes through a sequence on another thread, some items ahead of whoever takes them.</summary>
    private static IEnumerable<LoggedStep> Ahead(IEnumerable<LoggedStep> steps)
    {
        using var stop = new CancellationTokenSource();
        using var ready = new BlockingCollection<LoggedStep>(MostWaiting);
        var work = Task.Factory.StartNew(() => Fill(steps, ready, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        try
        {
            foreach (var step in ready.GetConsumingEnumerable())
            {
                yield return step;
            }
        }
        finally
        {
            // Whoever stops early must not close what the other thread reads.
            stop.Cancel();
            work.Wait();
        }

        work.Result?.Throw();
    }

    private static ExceptionDispatchInfo? Fill(IEnumerable<LoggedStep> steps, BlockingCollection<LoggedStep> ready, CancellationToken stop)
    {
        try
        {
            foreach (var step in steps)
            {
                ready.Add(step, stop);
            }

            return null;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
#pragma warning disable CA1031 // Thrown again, on the thread that reads.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return ExceptionDispatchInfo.Capture(error);
        }
        finally
        {
            ready.CompleteAdding();
        }
    }
}
