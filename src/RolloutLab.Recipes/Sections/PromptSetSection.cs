using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>What happens to rows that cannot be prompts.</summary>
public enum DropChoice
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

/// <summary>A set of prompts in files.</summary>
public abstract record PromptSetSection
{
    private const string Files = "JSONL (one JSON object a line) or .parquet; * ? ** make a pattern of files, read in the order of their names.";

    /// <summary>Absolute path of the file, or a pattern of files.</summary>
    public required string Path { get; init; }

    /// <summary>Prompts taken from the start of the files; 0 for all.</summary>
    public required int Limit { get; init; }

    /// <summary>Longest prompt in tokens; 0 for whatever leaves room for one token of response.</summary>
    public required int MaxPromptTokens { get; init; }

    /// <summary>What happens to longer prompts.</summary>
    public required DropChoice Overlong { get; init; }

    /// <summary>The order in which prompts are taken; always sequential for evaluation.</summary>
    public required PromptOrderChoice Order { get; init; }

    /// <summary>What happens to rows whose prompt or answer is null or empty.</summary>
    public required DropChoice Incomplete { get; init; }

    internal static PromptSetSection Read(SectionReader r, bool isTraining) => r.Variant<PromptSetSection>(
        "What the files hold.",
        null,
        ("countdown", s => ReadCountdown(s, isTraining)),
        ("jsonl", s => ReadOwnColumns(s, isTraining)),
        ("parquet", s => ReadOwnColumns(s, isTraining)),
        ("verl", s => ReadVerl(s, isTraining)),
        ("trl", s => ReadTrl(s, isTraining)),
        ("gsm8k", s => ReadGsm8k(s, isTraining)));

    private static CountdownPromptSetSection ReadCountdown(SectionReader r, bool isTraining) => new()
    {
        Path = r.Path("path", "Problems as JSONL, written by `rolloutlab data countdown`."),
        PromptTemplate = r.OptionalText(
            "prompt_template", "The prompt in words, with {numbers} (as 6, 7, 4) and {target}; null for the short form, 6 7 4:46=."),
        Limit = ReadLimit(r),
        MaxPromptTokens = ReadMaxPromptTokens(r),
        Overlong = ReadOverlong(r),
        Incomplete = ReadIncomplete(r),
        Order = ReadOrder(r, isTraining),
    };

    internal static string? ReadTools(SectionReader r) => r.OptionalText(
        "tools_field", "Column with the tools that a chat may call, for the chat template: a list, or that list as JSON text; null takes tools where there is one.");

    private static ColumnPromptSetSection ReadColumns(
        SectionReader r, bool isTraining, string prompt, Func<SectionReader, ValueList<string>> answers, ValueList<string> extras) => new()
    {
        Path = r.Path("path", Files),
        PromptField = r.Text("prompt_field", "prompt", prompt),
        AnswerFields = answers(r),
        IdField = r.OptionalText("id_field", "Column with a unique id; null takes id where there is one, else the number of the row."),
        ToolsField = ReadTools(r),
        ExtraFields = r.Texts("extra_fields", extras, "Further columns kept with a prompt: verifiers see them, and rollouts.jsonl has them."),
        PromptTemplate = r.Template(
            "prompt_template", "{prompt}", "{prompt}", "What stands around a prompt that is text; {prompt} stands for the column."),
        Limit = ReadLimit(r),
        MaxPromptTokens = ReadMaxPromptTokens(r),
        Overlong = ReadOverlong(r),
        Incomplete = ReadIncomplete(r),
        Order = ReadOrder(r, isTraining),
    };

    private static ColumnPromptSetSection ReadOwnColumns(SectionReader r, bool isTraining) => ReadColumns(
        r,
        isTraining,
        "Column with the prompt: text, or chat messages. Dots lead into objects.",
        s => [s.Text("answer_field", "answer", "Column with what the verifier compares with. Dots lead into objects.")],
        []);

    private static ColumnPromptSetSection ReadVerl(SectionReader r, bool isTraining) => ReadColumns(
        r,
        isTraining,
        "Column with the prompt: chat messages, or text.",
        s => [s.Text("answer_field", "reward_model.ground_truth", "Column with what the verifier compares with.")],
        ["data_source", "extra_info"]);

    private static ColumnPromptSetSection ReadTrl(SectionReader r, bool isTraining) => ReadColumns(
        r,
        isTraining,
        "Column with the prompt: text, or chat messages.",
        s => s.OptionalText("answer_field", "Column with what the verifier compares with.", fallbackText: "solution, else answer") is { } field
            ? [field]
            : ["solution", "answer"],
        []);

    private static Gsm8kPromptSetSection ReadGsm8k(SectionReader r, bool isTraining) => new()
    {
        Path = r.Path("path", "GSM8K problems with question and answer: JSONL or .parquet; * ? ** make a pattern of files."),
        PromptTemplate = r.Template(
            "prompt_template", Gsm8kPromptSetSection.DefaultTemplate, "{prompt}", "The prompt; {prompt} stands for the question."),
        Limit = ReadLimit(r),
        MaxPromptTokens = ReadMaxPromptTokens(r),
        Overlong = ReadOverlong(r),
        Incomplete = ReadIncomplete(r),
        Order = ReadOrder(r, isTraining),
    };

    private static int ReadLimit(SectionReader r) =>
        r.Integer("limit", 0, AtLeast(0), "Prompts taken from the start of the files; 0 for all.");

    private static int ReadMaxPromptTokens(SectionReader r) =>
        r.Integer("max_prompt_tokens", 0, AtLeast(0), "Longest prompt in tokens; 0 for the model's limit.");

    private static DropChoice ReadOverlong(SectionReader r) => r.Choice(
        "overlong", DropChoice.Error, "What happens to longer prompts: an error, or left out and counted.",
        ("error", DropChoice.Error), ("skip", DropChoice.Skip));

    private static DropChoice ReadIncomplete(SectionReader r) => r.Choice(
        "incomplete", DropChoice.Error, "What happens to rows whose prompt or answer is null or empty: an error, or left out and counted.",
        ("error", DropChoice.Error), ("skip", DropChoice.Skip));

    private static PromptOrderChoice ReadOrder(SectionReader r, bool isTraining) => isTraining
        ? r.Choice(
            "order", PromptOrderChoice.Shuffled, "A new seeded permutation each epoch, or the file's order.",
            ("shuffled", PromptOrderChoice.Shuffled), ("sequential", PromptOrderChoice.Sequential))
        : PromptOrderChoice.Sequential;
}

/// <summary>Countdown problems.</summary>
public sealed record CountdownPromptSetSection : PromptSetSection
{
    /// <summary>The prompt in words, with <c>{numbers}</c> and <c>{target}</c>; null for the short form.</summary>
    public required string? PromptTemplate { get; init; }
}

/// <summary>Prompts and answers in columns: one's own JSONL or Parquet, or the schemas of verl and TRL.</summary>
public sealed record ColumnPromptSetSection : PromptSetSection
{
    /// <summary>Column with the prompt.</summary>
    public required string PromptField { get; init; }

    /// <summary>Column with the answer: the first of these that a row has.</summary>
    public required ValueList<string> AnswerFields { get; init; }

    /// <summary>Column with a unique id; null for <c>id</c>, else the row's number.</summary>
    public required string? IdField { get; init; }

    /// <summary>Column with the tools that a chat may call; null for <c>tools</c>, where there is one.</summary>
    public required string? ToolsField { get; init; }

    /// <summary>Further columns kept with a prompt.</summary>
    public required ValueList<string> ExtraFields { get; init; }

    /// <summary>The prompt, with <c>{prompt}</c> for the column.</summary>
    public required string PromptTemplate { get; init; }
}

/// <summary>GSM8K problems (arXiv 2110.14168).</summary>
public sealed record Gsm8kPromptSetSection : PromptSetSection
{
    internal const string DefaultTemplate = "Question: {prompt}\nAnswer:";

    /// <summary>The prompt, with <c>{prompt}</c> for the question.</summary>
    public required string PromptTemplate { get; init; }
}
