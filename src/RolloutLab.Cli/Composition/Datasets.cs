using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>Opens the prompt sets and demonstrations a recipe names.</summary>
/// <param name="tokenizer">Makes token ids.</param>
/// <param name="maxPositions">Most positions of the model.</param>
/// <param name="random">Orders.</param>
/// <param name="chat">Renders prompts as chats; null where they are plain text.</param>
/// <param name="notice">Told what was left out.</param>
internal sealed class Datasets(ITokenizer tokenizer, int maxPositions, RandomStreams random, ChatFormat? chat, Action<string> notice)
{
    private readonly DuckDbParquetReader _parquet = new();

    /// <summary>Shows long reading, counted in this unit; null where nobody watches.</summary>
    public Func<string, WorkProgress?> Work { get; init; } = _ => null;

    /// <summary>Ends the reading with <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>Loads a prompt set. Every prompt leaves room for at least one response token.</summary>
    /// <param name="name">Name in metrics: <c>train</c> or the evaluation's.</param>
    /// <param name="section">What to load.</param>
    /// <param name="maxNewTokens">Longest response that is asked for; prompts that leave less room are told of.</param>
    /// <returns>The set; the caller disposes it.</returns>
    public PromptSet Prompts(string name, PromptSetSection section, int maxNewTokens)
    {
        var longest = section.MaxPromptTokens > 0 ? Math.Min(section.MaxPromptTokens, maxPositions - 1) : maxPositions - 1;
        var loader = new PromptSetLoader(
            tokenizer,
            new PromptSetOptions
            {
                MaxPromptTokens = longest,
                Overlong = PolicyOf(section.Overlong),
                Incomplete = PolicyOf(section.Incomplete),
                Limit = section.Limit > 0 ? section.Limit : null,
                RoomyTokens = Math.Max(0, maxPositions - maxNewTokens),
            },
            _parquet);
        using var progress = new ReadingProgress(Work($"MiB of {Path.GetFileName(section.Path)}"));
        var set = loader.Load(name, section.Path, FormatOf(section), progress, Stop);
        var summary = set.Summary;
        if (summary.Dropped > 0 || summary.IsStreamed)
        {
            notice($"{section.Path}: {summary.Describe(longest)}");
        }

        if (summary.Cramped > 0)
        {
            notice(
                $"{section.Path}: {summary.Cramped} prompts leave less than the {maxNewTokens} tokens of max_new_tokens in the model's {maxPositions} positions; their responses end sooner");
        }

        return set;
    }

    /// <summary>Opens demonstrations; those that do not fit the model are left out, and told.</summary>
    public IDemonstrationSource Demonstrations(DemonstrationSection section)
    {
        if (section is CountdownTraceSection traces)
        {
            var problems = CountdownFile.Read(traces.Path).Select(e => e.Problem).ToList();
            var options = new CountdownTraceOptions { MaxCharacters = traces.MaxCharacters,
                MaxDeadEnds = traces.MaxDeadEnds,
                DeadEndProbability = traces.DeadEndProbability,
            };
            return new CountdownTraceSource(problems, tokenizer, options, random);
        }

        using var progress = new ReadingProgress(Work($"MiB of {Path.GetFileName(section.Path)}"));
        var source = new JsonlDemonstrationSource(section.Path, FormatOf(section), tokenizer, maxPositions, random, _parquet, progress, Stop);
        notice(source.Summary);
        return source;
    }

    private static DropPolicy PolicyOf(DropChoice choice) => choice == DropChoice.Skip ? DropPolicy.Skip : DropPolicy.Error;

    private IPromptFormat FormatOf(PromptSetSection section) => section switch
    {
        CountdownPromptSetSection countdown => new CountdownPromptFormat(countdown.PromptTemplate, chat),
        Gsm8kPromptSetSection gsm8k => new Gsm8kPromptFormat(TextOf(gsm8k.PromptTemplate)),
        ColumnPromptSetSection columns => new ColumnPromptFormat(
            new PromptColumns(columns.PromptField, columns.AnswerFields, columns.IdField, columns.ExtraFields), TextOf(columns.PromptTemplate, columns.ToolsField)),
        _ => throw new InvalidOperationException($"no prompt format is wired for {section.GetType().Name}"),
    };

    private PromptText TextOf(string template, string? tools = null) => tools is null || chat is not null
        ? new PromptText(new TextTemplate(template, "prompt"), chat, tools)
        : throw new RecipeException(
            $"tools_field = {tools}: tools are for a chat template, and prompts are plain text here; add data.chat: {{}} to the recipe, or leave tools_field out");

    private DemonstrationFormat FormatOf(DemonstrationSection section) => section switch
    {
        JsonlDemonstrationSection jsonl => new DemonstrationFormat(
            jsonl.PromptField,
            jsonl.ResponseField,
            TextOf(jsonl.PromptTemplate, jsonl.ToolsField),
            new TextTemplate(jsonl.ResponseTemplate, "response")),
        Gsm8kDemonstrationSection gsm8k => new DemonstrationFormat(
            "question",
            "answer",
            TextOf(gsm8k.PromptTemplate),
            new TextTemplate(gsm8k.ResponseTemplate, "response")),
        _ => throw new InvalidOperationException($"no demonstration format is wired for {section.GetType().Name}"),
    };
}
