using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>
/// The verdicts of a log's step in few bytes a rollout, so that those of millions can be kept: status, reward and parts, and
/// the answer where it is asked for. Why a rollout is not correct is left out: no replay looks at that.
/// </summary>
internal sealed class StepVerdicts
{
    private readonly VerdictStatus[] _statuses;
    private readonly float[] _rewards;
    private readonly string?[]? _answers;
    private readonly float[]?[]? _parts;

    /// <param name="groups">The step's graded groups.</param>
    /// <param name="withAnswers">Whether the answers are kept.</param>
    public StepVerdicts(IReadOnlyList<LoggedGroup> groups, bool withAnswers)
    {
        var verdicts = groups.SelectMany(g => g.Outcomes).Select(o => o.Verdict!).ToList();
        _statuses = [.. verdicts.Select(v => v.Status)];
        _rewards = [.. verdicts.Select(v => v.Reward)];
        _answers = withAnswers ? [.. verdicts.Select(v => v.Answer)] : null;
        _parts = verdicts.Any(v => v.Parts.Count > 0) ? [.. verdicts.Select(v => v.Parts.ToArray())] : null;
    }

    /// <summary>The step with these verdicts.</summary>
    public LoggedStep In(LoggedStep step)
    {
        var at = 0;
        return step with { Groups = [.. step.Groups.Select(g => g with { Outcomes = [.. g.Outcomes.Select(o => o with { Verdict = Verdict(at++) })] })] };
    }

    private Verdict Verdict(int at) => new(_statuses[at], _rewards[at], _answers?[at], Detail: null) { Parts = _parts?[at] ?? [] };
}
