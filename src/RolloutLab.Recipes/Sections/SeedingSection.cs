using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>Which rollouts the advantage of a seeded one is taken against.</summary>
public enum SeedingGroup
{
    /// <summary>All rollouts of the question in the step, with and without examples (XRPO): a first success breaks the tie of an all-wrong group.</summary>
    Question,

    /// <summary>Those of the very prompt it was sampled from.</summary>
    Prompt,
}

/// <summary>What happens to solutions that are too long for an example.</summary>
public enum OverlongExample
{
    /// <summary>Their first tokens are shown.</summary>
    Truncate,

    /// <summary>They are not remembered.</summary>
    Skip,
}

/// <summary>
/// In-context seeding (XRPO, arXiv 2510.06672): a prompt all of whose rollouts are wrong is asked again in the step's later
/// rounds with solved examples before the question, the policy's own verified solutions to the questions most like it. Its
/// rollouts are trained on the prompt they were sampled from, and count for the plain prompt's budget.
/// </summary>
public sealed record SeedingSection
{
    /// <summary>How a Countdown example is written: its symbols have no line feed.</summary>
    internal const string CountdownTemplate = "{prompt}{solution} ";

    /// <summary>How any other example is written.</summary>
    internal const string TextTemplate = "{prompt}{solution}\n\n";

    /// <summary>Examples before a question, at least 1; fewer where the context has no room for them.</summary>
    public required int Examples { get; init; }

    /// <summary>Most solved examples that are remembered.</summary>
    public required int Capacity { get; init; }

    /// <summary>Least similarity of an example's question, in [0, 1].</summary>
    public required double MinSimilarity { get; init; }

    /// <summary>Characters of a gram of the similarity, 1 to 4.</summary>
    public required int Ngram { get; init; }

    /// <summary>An example, with <c>{prompt}</c> and <c>{solution}</c>; the question follows the last.</summary>
    public required string Template { get; init; }

    /// <summary>Only what follows its last occurrence in a solution is shown; null for the whole solution.</summary>
    public required string? SolutionAfter { get; init; }

    /// <summary>Most tokens of a solution that are shown.</summary>
    public required int MaxSolutionTokens { get; init; }

    /// <summary>What happens to longer solutions.</summary>
    public required OverlongExample Overlong { get; init; }

    /// <summary>Most tokens of a prompt with its examples; 0 for what leaves room for the longest response.</summary>
    public required int MaxPromptTokens { get; init; }

    /// <summary>Which rollouts the advantage is taken against.</summary>
    public required SeedingGroup Group { get; init; }

    /// <param name="r">The section.</param>
    /// <param name="prompts">The training prompts, whose kind decides how examples are written; may be null.</param>
    internal static SeedingSection Read(SectionReader r, PromptSetSection? prompts)
    {
        var isCountdown = prompts is CountdownPromptSetSection;
        var section = new SeedingSection
        {
            Examples = r.Integer("examples", 2, AtLeast(1), "Solved examples before a question; fewer where the context has no room."),
            Capacity = r.Integer("capacity", 2048, AtLeast(1), "Solved examples remembered, one a prompt; the one put in longest ago leaves first."),
            MinSimilarity = r.Number(
                "min_similarity", 0.1, Between(0, 1), "Least similarity of an example's question (cosine of TF-IDF of character n-grams); without one the prompt stays as it is."),
            Ngram = r.Integer("ngram", 3, Between(1, 4), "Characters of an n-gram of that similarity."),
            Template = r.Template(
                "template", isCountdown ? CountdownTemplate : TextTemplate, "{solution}", "An example: {prompt} stands for its prompt, {solution} for its solution.",
                "that of the task"),
            SolutionAfter = r.OptionalText(
                "solution_after", "Only what follows the last such text in a solution is shown; null for all of it.", isCountdown ? "x" : null, "x for Countdown, else null"),
            MaxSolutionTokens = r.Integer("max_solution_tokens", 256, AtLeast(1), "Most tokens of a solution that are shown."),
            Overlong = r.Choice(
                "overlong", OverlongExample.Truncate, "What happens to longer solutions: their first tokens are shown, or they are not remembered.",
                ("truncate", OverlongExample.Truncate), ("skip", OverlongExample.Skip)),
            MaxPromptTokens = r.Integer(
                "max_prompt_tokens", 0, AtLeast(0), "Most tokens of a prompt with its examples; 0 for what leaves room for rollout.max_new_tokens."),
            Group = r.Choice(
                "group", SeedingGroup.Question, "What advantages are taken against: all rollouts of the question in the step, or those of the very same prompt.",
                ("question", SeedingGroup.Question), ("prompt", SeedingGroup.Prompt)),
        };
        r.Check(
            () => section.Template.Contains("{prompt}", StringComparison.Ordinal), "template", () => "must contain {prompt}, the example's question");
        return section;
    }
}
