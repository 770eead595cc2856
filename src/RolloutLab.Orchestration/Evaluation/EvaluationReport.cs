using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Orchestration;

/// <summary>Result of one evaluation.</summary>
/// <param name="Step">Training steps done before it.</param>
/// <param name="Dataset">Name of the prompt set.</param>
/// <param name="Prompts">Prompts evaluated.</param>
/// <param name="RolloutsPerPrompt">Rollouts of each.</param>
/// <param name="PassAt">k to the mean unbiased pass@k; always holds k = 1.</param>
/// <param name="MajorityAtN">Mean maj@n over the prompts.</param>
/// <param name="MeanLength">Mean response length in tokens.</param>
/// <param name="TruncatedShare">Share of rollouts cut by a length limit.</param>
/// <param name="TokensGenerated">Response tokens made.</param>
/// <param name="Seconds">Wall time.</param>
public sealed record EvaluationReport(
    long Step,
    string Dataset,
    int Prompts,
    int RolloutsPerPrompt,
    IReadOnlyDictionary<int, double> PassAt,
    double MajorityAtN,
    double MeanLength,
    double TruncatedShare,
    long TokensGenerated,
    double Seconds)
{
    /// <summary>Mean success rate of a single rollout.</summary>
    public double PassAt1 => PassAt[1];

    /// <summary>The report as watchers see it: pass@1, and pass@k for the largest k.</summary>
    public EvaluationResult ToResult()
    {
        var k = PassAt.Keys.Max();
        return new EvaluationResult(Step, Prompts, k, PassAt1, PassAt[k], k == RolloutsPerPrompt ? MajorityAtN : null, MeanLength, Seconds);
    }

    /// <summary>The report as scores of a run's summary.</summary>
    public PolicyScore ToScore() => new()
    {
        PassAt1 = PassAt1,
        PassAt16 = PassAt.TryGetValue(16, out var passAt16) ? passAt16 : null,
        MajAt16 = RolloutsPerPrompt == 16 ? MajorityAtN : null,
        ResponseLength = MeanLength,
    };

    /// <summary>The report as metrics rows, with the names users of verl look for.</summary>
    public IEnumerable<KeyValuePair<string, double>> Metrics()
    {
        var prefix = $"val-core/{Dataset}/acc";
        yield return new($"{prefix}/mean@{RolloutsPerPrompt}", PassAt1);
        foreach (var (k, value) in PassAt.OrderBy(p => p.Key))
        {
            yield return new($"{prefix}/pass@{k}", value);
        }

        yield return new($"{prefix}/maj@{RolloutsPerPrompt}", MajorityAtN);
        yield return new($"val-aux/{Dataset}/response_length/mean", MeanLength);
        yield return new($"val-aux/{Dataset}/response_length/clip_ratio", TruncatedShare);
        yield return new("timing_s/testing", Seconds);
    }
}
