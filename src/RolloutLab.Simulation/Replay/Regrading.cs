using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>A rollout that the verifier judges otherwise than its log.</summary>
/// <param name="Where">File and row.</param>
/// <param name="PromptId">Its prompt.</param>
/// <param name="Logged">The log's verdict.</param>
/// <param name="Verified">The verifier's.</param>
public sealed record Disagreement(string Where, string PromptId, Verdict Logged, Verdict Verified);

/// <summary>A log's grades beside those of a verifier.</summary>
/// <param name="Compared">Rollouts that the log graded.</param>
/// <param name="Agreed">Those of which both say the same: right, or not.</param>
/// <param name="Disagreements">The others, all of them.</param>
public sealed record Regrading(long Compared, long Agreed, IReadOnlyList<Disagreement> Disagreements)
{
    /// <summary>Grades a log again.</summary>
    /// <param name="log">The log.</param>
    /// <param name="grader">The verifier.</param>
    /// <param name="stop">Ends it with <see cref="OperationCanceledException"/>.</param>
    public static Regrading Of(IRolloutLog log, IGrader grader, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(grader);
        var (compared, agreed) = (0L, 0L);
        var disagreements = new List<Disagreement>();
        foreach (var group in log.Read(LogContents.Texts | LogContents.Verdicts).SelectMany(s => s.Groups))
        {
            stop.ThrowIfCancellationRequested();
            var verified = grader.Grade(group.Group).Verdicts;
            for (var j = 0; j < verified.Count; j++)
            {
                if (group.Outcomes[j].Verdict is not { } logged)
                {
                    continue;
                }

                compared++;
                if (logged.IsCorrect == verified[j].IsCorrect)
                {
                    agreed++;
                }
                else
                {
                    disagreements.Add(new Disagreement(group.Outcomes[j].Where, group.Group.Prompt.Id, logged, verified[j]));
                }
            }
        }

        return new Regrading(compared, agreed, disagreements);
    }
}
