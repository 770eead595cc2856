using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>Self-explanation of prompts that stay unsolved (ExPO, arXiv 2507.02834).</summary>
public sealed record SelfExplanationSection
{
    internal const string CountdownTemplate = "{prompt}{answer} {prompt}";
    internal const string TextTemplate = "The answer to the next question is {answer}.\n\n{prompt}";

    /// <summary>Explanations sampled for a prompt.</summary>
    public int Rollouts { get; init; } = 4;

    /// <summary>Most prompts that are explained in a step, the first unsolved ones.</summary>
    public int Prompts { get; init; } = 8;

    /// <summary>Visits, this one included, in which a prompt has had no success.</summary>
    public int Visits { get; init; } = 1;

    /// <summary>Explanations of a prompt that are trained, the likeliest.</summary>
    public int Keep { get; init; } = 1;

    /// <summary>Weight of their loss beside the policy loss.</summary>
    public double Coefficient { get; init; } = 0.1;

    /// <summary>The prompt with the answer: text with <c>{answer}</c> that ends with <c>{prompt}</c>.</summary>
    public string Template { get; init; } = TextTemplate;

    /// <param name="r">The section.</param>
    /// <param name="prompts">The training prompts, whose kind decides how an answer is shown; may be null.</param>
    internal static SelfExplanationSection Read(SectionReader r, PromptSetSection? prompts)
    {
        var section = new SelfExplanationSection
        {
            Rollouts = r.Integer("rollouts", 4, AtLeast(1), "Explanations sampled for a prompt, beside the budget."),
            Prompts = r.Integer("prompts", 8, AtLeast(1), "Most prompts explained in a step; the first unsolved ones of the step."),
            Visits = r.Integer("visits", 1, AtLeast(1), "A prompt is explained when this many visits, the present one included, had no success."),
            Keep = r.Integer("keep", 1, AtLeast(1), "Verified explanations of a prompt that are trained, the likeliest under the policy without the answer."),
            Coefficient = r.Number("coefficient", 0.1, Above(0), "Weight of their loss beside the policy loss."),
            Template = r.Template(
                "template", prompts is CountdownPromptSetSection ? CountdownTemplate : TextTemplate, "{answer}",
                "The prompt with the known answer {answer}; ends with {prompt}, the plain prompt.", "that of the task"),
        };
        r.Check(
            () => section.Template.EndsWith("{prompt}", StringComparison.Ordinal), "template",
            () => "must end with {prompt}: what follows it is trained as a response to the plain prompt");
        return section;
    }
}
