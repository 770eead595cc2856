using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>Supervised fine-tuning on demonstrations; in <c>train</c> it runs before the first step.</summary>
public sealed record SftSection
{
    /// <summary>The demonstrations.</summary>
    public required DemonstrationSection Data { get; init; }

    /// <summary>Optimizer steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Demonstrations in an optimizer step.</summary>
    public required int SequencesPerStep { get; init; }

    /// <summary>Tokens in one forward and backward pass; changes memory and speed, not the gradient.</summary>
    public required int MicroBatchTokens { get; init; }

    /// <summary>Steps between evaluations; 0 evaluates after the last step only.</summary>
    public required int EvaluateEvery { get; init; }

    /// <summary>The optimizer.</summary>
    public required OptimizerSection Optimizer { get; init; }

    internal static SftSection Read(SectionReader r) => new()
    {
        Data = r.Section("data", "The demonstrations.", DemonstrationSection.Read),
        Steps = r.Integer("steps", null, AtLeast(1), "Optimizer steps."),
        SequencesPerStep = r.Integer("sequences_per_step", 32, AtLeast(1), "Demonstrations in an optimizer step."),
        MicroBatchTokens = r.Integer(
            "micro_batch_tokens", 4096, AtLeast(1), "Most tokens of a forward and backward pass, which bounds its memory; a longer sequence gets a pass of its own. The gradient does not depend on it."),
        EvaluateEvery = r.Integer("evaluate_every", 0, AtLeast(0), "Steps between evaluations; 0 for after the last only."),
        Optimizer = r.Section("optimizer", "The optimizer of the fine-tuning.", s => OptimizerSection.Read(s, learningRate: 1e-4)),
    };
}

/// <summary>Demonstrations to imitate.</summary>
public abstract record DemonstrationSection
{
    /// <summary>Absolute path of the file.</summary>
    public required string Path { get; init; }

    internal static DemonstrationSection Read(SectionReader r) => r.Variant<DemonstrationSection>(
        "What is imitated.",
        null,
        ("countdown_traces", s => new CountdownTraceSection
        {
            Path = s.Path("path", "Countdown problems as JSONL; a search trace is made up for each use of one."),
            MaxCharacters = s.Integer("max_characters", 80, AtLeast(1), "Longest trace in characters."),
            MaxDeadEnds = s.Integer("max_dead_ends", 3, AtLeast(0), "Most dead ends before the solution."),
            DeadEndProbability = s.Number("dead_end_probability", 0.5, Between(0, 1), "Probability of each of them to be there."),
        }),
        ("jsonl", s => new JsonlDemonstrationSection
        {
            Path = s.Path("path", "JSONL (one JSON object a line) or .parquet; * ? ** make a pattern of files."),
            PromptField = s.Text("prompt_field", "prompt", "Field that holds the prompt."),
            ResponseField = s.Text("response_field", "response", "Field that holds the response."),
            ToolsField = PromptSetSection.ReadTools(s),
            PromptTemplate = s.Template("prompt_template", "{prompt}", "{prompt}", "The prompt; {prompt} stands for the field."),
            ResponseTemplate = s.Template(
                "response_template", "{response}", "{response}", "The response; {response} stands for the field."),
        }),
        ("gsm8k", s => new Gsm8kDemonstrationSection
        {
            Path = s.Path("path", "GSM8K problems with question and answer: JSONL or .parquet; * ? ** make a pattern of files."),
            PromptTemplate = s.Template(
                "prompt_template", Gsm8kPromptSetSection.DefaultTemplate, "{prompt}", "The prompt; {prompt} stands for the question."),
            ResponseTemplate = s.Template(
                "response_template", " {response}", "{response}", "The response; {response} stands for the answer's text."),
        }));
}

/// <summary>Generated search traces: attempts with dead ends, then a solution.</summary>
public sealed record CountdownTraceSection : DemonstrationSection
{
    /// <summary>Longest trace in characters.</summary>
    public required int MaxCharacters { get; init; }

    /// <summary>Most dead ends before the solution.</summary>
    public required int MaxDeadEnds { get; init; }

    /// <summary>Probability of each of <see cref="MaxDeadEnds"/> to be there, in [0, 1].</summary>
    public required double DeadEndProbability { get; init; }
}

/// <summary>One's own prompts and responses, one JSON object a line.</summary>
public sealed record JsonlDemonstrationSection : DemonstrationSection
{
    /// <summary>Field that holds the prompt.</summary>
    public required string PromptField { get; init; }

    /// <summary>Field that holds the response.</summary>
    public required string ResponseField { get; init; }

    /// <summary>Column with the tools that a chat may call; null for <c>tools</c>, where there is one.</summary>
    public required string? ToolsField { get; init; }

    /// <summary>The prompt, with <c>{prompt}</c> for the field.</summary>
    public required string PromptTemplate { get; init; }

    /// <summary>The response, with <c>{response}</c> for the field.</summary>
    public required string ResponseTemplate { get; init; }
}

/// <summary>GSM8K's worked answers (arXiv 2110.14168).</summary>
public sealed record Gsm8kDemonstrationSection : DemonstrationSection
{
    /// <summary>The prompt, with <c>{prompt}</c> for the question.</summary>
    public required string PromptTemplate { get; init; }

    /// <summary>The response, with <c>{response}</c> for the answer's text.</summary>
    public required string ResponseTemplate { get; init; }
}
