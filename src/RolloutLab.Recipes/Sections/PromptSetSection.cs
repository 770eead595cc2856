using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>What happens to prompts that are too long.</summary>
public enum OverlongChoice
{
    /// <summary>The run does not start.</summary>
    Error,

    /// <summary>They are left out, and their number is said.</summary>
    Skip,
}

/// <summary>The order in which prompts are taken.</summary>
public enum PromptOrderChoice
{
    /// <summary>A new seeded permutation each epoch.</summary>
    Shuffled,

    /// <summary>As in the file.</summary>
    Sequential,
}

/// <summary>A set of prompts in a file.</summary>
public abstract record PromptSetSection
{
    /// <summary>Absolute path of the file.</summary>
    public required string Path { get; init; }

    /// <summary>Prompts read from the start of the file; 0 for all.</summary>
    public required int Limit { get; init; }

    /// <summary>Longest prompt in tokens; 0 for whatever leaves room for one token of response.</summary>
    public required int MaxPromptTokens { get; init; }

    /// <summary>What happens to longer prompts.</summary>
    public required OverlongChoice Overlong { get; init; }

    /// <summary>The order in which prompts are taken; always sequential for evaluation.</summary>
    public required PromptOrderChoice Order { get; init; }

    internal static PromptSetSection Read(SectionReader r, bool isTraining) => r.Variant<PromptSetSection>(
        "What the file holds.",
        null,
        ("countdown", s => new CountdownPromptSetSection
        {
            Path = s.Path("path", "Problems as JSONL, written by `rolloutlab data countdown`."),
            Limit = ReadLimit(s),
            MaxPromptTokens = ReadMaxPromptTokens(s),
            Overlong = ReadOverlong(s),
            Order = ReadOrder(s, isTraining),
        }),
        ("jsonl", s => ReadJsonl(s, isTraining)),
        ("gsm8k", s => new Gsm8kPromptSetSection
        {
            Path = s.Path("path", "GSM8K problems as JSONL with question and answer."),
            PromptTemplate = s.Template(
                "prompt_template", Gsm8kPromptSetSection.DefaultTemplate, "{prompt}", "The prompt; {prompt} stands for the question."),
            Limit = ReadLimit(s),
            MaxPromptTokens = ReadMaxPromptTokens(s),
            Overlong = ReadOverlong(s),
            Order = ReadOrder(s, isTraining),
        }));

    private static JsonlPromptSetSection ReadJsonl(SectionReader r, bool isTraining) => new()
    {
        Path = r.Path("path", "One JSON object a line."),
        PromptField = r.Text("prompt_field", "prompt", "Field that holds the prompt."),
        AnswerField = r.Text("answer_field", "answer", "Field that holds what the verifier compares with."),
        IdField = r.OptionalText("id_field", "Field that holds a unique id; null to number the lines."),
        PromptTemplate = r.Template("prompt_template", "{prompt}", "{prompt}", "The prompt; {prompt} stands for the field."),
        Limit = ReadLimit(r),
        MaxPromptTokens = ReadMaxPromptTokens(r),
        Overlong = ReadOverlong(r),
        Order = ReadOrder(r, isTraining),
    };

    private static int ReadLimit(SectionReader r) =>
        r.Integer("limit", 0, AtLeast(0), "Prompts read from the start of the file; 0 for all.");

    private static int ReadMaxPromptTokens(SectionReader r) =>
        r.Integer("max_prompt_tokens", 0, AtLeast(0), "Longest prompt in tokens; 0 for the model's limit.");

    private static OverlongChoice ReadOverlong(SectionReader r) => r.Choice(
        "overlong", OverlongChoice.Error, "What happens to longer prompts: an error, or left out and counted.",
        ("error", OverlongChoice.Error), ("skip", OverlongChoice.Skip));

    private static PromptOrderChoice ReadOrder(SectionReader r, bool isTraining) => isTraining
        ? r.Choice(
            "order", PromptOrderChoice.Shuffled, "A new seeded permutation each epoch, or the file's order.",
            ("shuffled", PromptOrderChoice.Shuffled), ("sequential", PromptOrderChoice.Sequential))
        : PromptOrderChoice.Sequential;
}

/// <summary>Countdown problems.</summary>
public sealed record CountdownPromptSetSection : PromptSetSection;

/// <summary>One's own questions and answers, one JSON object a line.</summary>
public sealed record JsonlPromptSetSection : PromptSetSection
{
    /// <summary>Field that holds the prompt.</summary>
    public required string PromptField { get; init; }

    /// <summary>Field that holds the answer.</summary>
    public required string AnswerField { get; init; }

    /// <summary>Field that holds a unique id; null to number the lines.</summary>
    public required string? IdField { get; init; }

    /// <summary>The prompt, with <c>{prompt}</c> for the field.</summary>
    public required string PromptTemplate { get; init; }
}

/// <summary>GSM8K problems (arXiv 2110.14168).</summary>
public sealed record Gsm8kPromptSetSection : PromptSetSection
{
    internal const string DefaultTemplate = "Question: {prompt}\nAnswer:";

    /// <summary>The prompt, with <c>{prompt}</c> for the question.</summary>
    public required string PromptTemplate { get; init; }
}
