using RolloutLab.Core;
using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>How often and how the policy is evaluated on <c>data.eval</c>.</summary>
public sealed record EvaluationSection
{
    /// <summary>Training steps between evaluations; 0 evaluates before the first and after the last step only.</summary>
    public required int Every { get; init; }

    /// <summary>Rollouts for each prompt.</summary>
    public required int Rollouts { get; init; }

    /// <summary>The k of the pass@k reported (unbiased estimator, arXiv 2107.03374); each at most <see cref="Rollouts"/>.</summary>
    public required ValueList<int> PassAt { get; init; }

    /// <summary>How tokens are drawn.</summary>
    public required SamplingParameters Sampling { get; init; }

    /// <param name="r">The section.</param>
    /// <param name="rollout">How training draws tokens: the default for evaluation.</param>
    internal static EvaluationSection Read(SectionReader r, SamplingParameters rollout)
    {
        int every = r.Integer(
            "every", 0, AtLeast(0), "Training steps between evaluations; 0 for before the first and after the last only.");
        int rollouts = r.Integer("rollouts", 16, AtLeast(1), "Rollouts for each prompt.");
        var section = new EvaluationSection
        {
            Every = every,
            Rollouts = rollouts,
            PassAt = r.Integers(
                "pass_at", rollouts > 1 ? [1, rollouts] : [1], AtLeast(1), "The k of each pass@k that is reported.", "[1, rollouts]"),
            Sampling = SamplingReader.Read(r, rollout, "rollout"),
        };
        r.Check(
            () => section.PassAt.All(k => k <= rollouts), "pass_at",
            () => $"each k must be at most evaluation.rollouts ({rollouts}); drop the larger ones or raise evaluation.rollouts");
        r.Check(
            () => section.Sampling.Temperature > 0 || rollouts == 1, "rollouts",
            () => "at temperature 0 all rollouts of a prompt are the same; set evaluation.rollouts to 1 or evaluation.temperature above 0");
        return section;
    }
}
