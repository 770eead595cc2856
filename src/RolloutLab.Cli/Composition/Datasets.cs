using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary>Opens the prompt sets and demonstrations a recipe names.</summary>
/// <param name="tokenizer">Makes token ids.</param>
/// <param name="maxPositions">Most positions of the model.</param>
/// <param name="random">Orders.</param>
internal sealed class Datasets(ITokenizer tokenizer, int maxPositions, RandomStreams random)
{
    /// <summary>Loads a prompt set. Every prompt leaves room for at least one response token.</summary>
    /// <param name="name">Name in metrics: <c>train</c> or the evaluation's.</param>
    /// <param name="section">What to load.</param>
    /// <param name="notice">Told what was left out.</param>
    public PromptSet Prompts(string name, PromptSetSection section, Action<string> notice)
    {
        var longest = section.MaxPromptTokens > 0 ? Math.Min(section.MaxPromptTokens, maxPositions - 1) : maxPositions - 1;
        var loader = new PromptSetLoader(tokenizer, new PromptSetOptions
        {
            MaxPromptTokens = longest,
            Overlong = section.Overlong == OverlongChoice.Skip ? OverlongPolicy.Skip : OverlongPolicy.Error,
            Limit = section.Limit > 0 ? section.Limit : null,
        });
        var set = loader.Load(name, section.Path, FormatOf(section));
        if (set.Skipped > 0)
        {
            notice($"{section.Path}: {set.Skipped} prompts of more than {longest} tokens are left out, {set.Prompts.Count} stay");
        }

        return set;
    }

    /// <summary>Opens demonstrations; those that do not fit the model are left out, and told.</summary>
    public IDemonstrationSource Demonstrations(DemonstrationSection section, Action<string> notice)
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

        var source = new JsonlDemonstrationSource(section.Path, FormatOf(section), tokenizer, maxPositions, random);
        notice(source.Summary);
        return source;
    }

    private static IPromptFormat FormatOf(PromptSetSection section) => section switch
    {
        CountdownPromptSetSection => new CountdownPromptFormat(),
        Gsm8kPromptSetSection gsm8k => new Gsm8kPromptFormat(new TextTemplate(gsm8k.PromptTemplate, "prompt")),
        JsonlPromptSetSection jsonl => new JsonlPromptFormat(
            jsonl.PromptField, jsonl.AnswerField, jsonl.IdField, new TextTemplate(jsonl.PromptTemplate, "prompt")),
        _ => throw new InvalidOperationException($"no prompt format is wired for {section.GetType().Name}"),
    };

    private static DemonstrationFormat FormatOf(DemonstrationSection section) => section switch
    {
        JsonlDemonstrationSection jsonl => new DemonstrationFormat(
            jsonl.PromptField,
            jsonl.ResponseField,
            new TextTemplate(jsonl.PromptTemplate, "prompt"),
            new TextTemplate(jsonl.ResponseTemplate, "response")),
        Gsm8kDemonstrationSection gsm8k => new DemonstrationFormat(
            "question",
            "answer",
            new TextTemplate(gsm8k.PromptTemplate, "prompt"),
            new TextTemplate(gsm8k.ResponseTemplate, "response")),
        _ => throw new InvalidOperationException($"no demonstration format is wired for {section.GetType().Name}"),
    };
}
