using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace RolloutLab.Cli;

/// <summary>The options of <c>eval --dataset</c>: what to measure a model on without a recipe.</summary>
internal sealed class DatasetOptions
{
    private readonly Option<string?> _dataset = new("--dataset")
    {
        HelpName = "file",
        Description = "Measure a model folder or run on these prompts, without a recipe: JSONL, .parquet or a pattern.",
    };

    private readonly Option<string?> _format = Word("--format", "What the columns mean (default: seen from the first row).", "jsonl", "gsm8k", "verl", "trl", "countdown");
    private readonly Option<string?> _verifier = Word("--verifier", "What judges answers (default: numeric; countdown for its problems).", "numeric", "countdown");
    private readonly Option<string?> _prompt = Text("--prompt-field", "column", "Column with the prompt: text or chat messages.");
    private readonly Option<string?> _answer = Text("--answer-field", "column", "Column with what the verifier compares with.");
    private readonly Option<string?> _template = Text("--prompt-template", "text", "What stands around a prompt that is text, with {prompt} for it.");
    private readonly Option<string?> _system = Text("--system", "text", "System message, where the model has a chat template.");
    private readonly Option<bool> _plain = new("--plain") { Description = "Plain text, although the model has a chat template." };
    private readonly Option<long?> _limit = Options.WholeNumber("--limit", 1, int.MaxValue, "Take this many prompts from the start (default: all).");
    private readonly Option<long?> _maxNewTokens = Options.WholeNumber("--max-new-tokens", 1, int.MaxValue, "Longest answer in tokens (default: 512).");
    private readonly Option<double?> _temperature = Options.Number("--temperature", 0, 100, "Divides logits; 0 takes the most probable token (default: 0 for --k 1, else 1).");
    private readonly Option<double?> _topP = Options.Number("--top-p", 0, 1, "Draw from the fewest tokens that have this probability together (default: 1).");

    private readonly Option<int[]?> _k = new("--k")
    {
        HelpName = "1,8",
        Description = "The k of pass@k; as many rollouts as the largest (default: 1).",
        CustomParser = ParseK,
    };

    private Option[] All => [_dataset, _format, _verifier, _k, _limit, _prompt, _answer, _template, _system, _plain, _maxNewTokens, _temperature, _topP];

    /// <summary>Gives a command the options.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetResult(_dataset) is null && All.FirstOrDefault(o => result.GetResult(o) is { Implicit: false }) is { } alone)
            {
                result.AddError($"{alone.Name}: goes with --dataset; a recipe says it otherwise");
            }
        });
    }

    /// <summary>What was asked for; null without <c>--dataset</c>.</summary>
    public DatasetArguments? Read(ParseResult result) => result.GetValue(_dataset) is not { } path ? null : new DatasetArguments(path)
    {
        Format = result.GetValue(_format),
        Verifier = result.GetValue(_verifier),
        PromptField = result.GetValue(_prompt),
        AnswerField = result.GetValue(_answer),
        PromptTemplate = result.GetValue(_template),
        System = result.GetValue(_system),
        IsPlain = result.GetValue(_plain),
        PassAt = result.GetValue(_k) is { Length: > 0 } given ? given : [1],
        Limit = (int?)result.GetValue(_limit) ?? 0,
        MaxNewTokens = (int?)result.GetValue(_maxNewTokens) ?? 512,
        Temperature = result.GetValue(_temperature),
        TopP = result.GetValue(_topP) ?? 1,
    };

    private static Option<string?> Text(string name, string help, string description) => new(name) { HelpName = help, Description = description };

    private static Option<string?> Word(string name, string description, params string[] words)
    {
        var option = new Option<string?>(name) { HelpName = string.Join('|', words), Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => !words.Contains(t.Value)) is { } wrong)
            {
                result.AddError($"{name} {wrong.Value}: must be one of {string.Join(", ", words)}");
            }
        });
        return option;
    }

    private static int[]? ParseK(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        var values = new List<int>();
        foreach (var part in text.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var k) || k < 1)
            {
                result.AddError($"--k {text}: must be whole numbers of at least 1 with commas between them, such as 1,8");
                return null;
            }

            values.Add(k);
        }

        return [.. values.Distinct()];
    }
}
