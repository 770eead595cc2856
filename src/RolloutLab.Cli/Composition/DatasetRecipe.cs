using System.Globalization;
using System.Text;
using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>Makes the recipe of <c>eval --dataset</c>, which a user could have written: what is not said follows from the first row.</summary>
internal static class DatasetRecipe
{
    /// <summary>Models that follow instructions are asked for steps and a box, as the cards of Qwen and others advise.</summary>
    private const string Instruction = "{prompt}\nPlease reason step by step, and put your final answer within \\boxed{}.";

    private static readonly string[] Prompts = ["prompt", "problem", "question", "messages"];
    private static readonly string[] Answers = ["answer", "solution", "ground_truth", "target"];

    /// <summary>The recipe.</summary>
    /// <param name="arguments">What was asked for.</param>
    /// <param name="folder">The model folder.</param>
    /// <param name="overrides">Values to set besides.</param>
    /// <exception cref="DataException">The file has no row, or a file is unusable.</exception>
    /// <exception cref="RecipeException">What was asked for does not fit together.</exception>
    public static Recipe Of(DatasetArguments arguments, string folder, IReadOnlyList<string> overrides)
    {
        var row = FirstRow(FilePattern.Expand(arguments.Path)[0]);
        var format = arguments.Format ?? FormatOf(row, arguments);
        var isChat = !arguments.IsPlain && ChatTemplateFolder.Find(folder) is not null;
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"model: {{ path: {Quoted(folder)} }}");
        text.AppendLine("data:");
        if (isChat)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  chat: {{ system: {(arguments.System is null ? "null" : Quoted(arguments.System))} }}");
        }
        else if (arguments.System is not null)
        {
            throw new DataException($"--system: {(arguments.IsPlain ? "--plain leaves no place for it" : $"{folder} has no chat template to put it into")}; leave it out");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"  eval: {{ type: {format}, path: {Quoted(arguments.Path)}, limit: {arguments.Limit}, overlong: skip, incomplete: skip{Columns(arguments, format, row, isChat)} }}");
        text.AppendLine(CultureInfo.InvariantCulture, $"verifier: {{ {Verifier(arguments, format)} }}");
        var rollouts = arguments.PassAt.Max();
        text.AppendLine(CultureInfo.InvariantCulture, $"evaluation: {{ rollouts: {rollouts}, pass_at: [{string.Join(", ", arguments.PassAt)}], max_new_tokens: {arguments.MaxNewTokens}, temperature: {arguments.Temperature ?? (rollouts == 1 ? 0 : 1):0.0#####}, top_p: {arguments.TopP:0.0#####} }}");
        return RecipeLoader.Parse(text.ToString(), "--dataset", Environment.CurrentDirectory, overrides);
    }

    private static string FormatOf(Func<string, bool> has, DatasetArguments arguments) =>
        has("reward_model") ? "verl"
        : has("numbers") && has("target") ? "countdown"
        : has("question") && has("####") && arguments is { PromptField: null, AnswerField: null } ? "gsm8k"
        : "jsonl";

    private static string Columns(DatasetArguments arguments, string format, Func<string, bool> has, bool isChat)
    {
        var columns = new StringBuilder();
        if (format is "jsonl" or "verl" or "trl")
        {
            Add("prompt_field", arguments.PromptField ?? (format == "jsonl" ? Array.Find(Prompts, has.Invoke) : null));
            Add("answer_field", arguments.AnswerField ?? (format == "jsonl" ? Array.Find(Answers, has.Invoke) : null));
        }
        else if ((arguments.PromptField ?? arguments.AnswerField) is { } field)
        {
            throw new DataException($"column '{field}': --format {format} has columns of its own; leave --prompt-field and --answer-field out, or use --format jsonl");
        }

        Add("prompt_template", arguments.PromptTemplate ?? (format == "gsm8k" && isChat ? Instruction : null));
        return columns.ToString();

        void Add(string key, string? value)
        {
            if (value is not null)
            {
                columns.Append(", ").Append(key).Append(": ").Append(Quoted(value));
            }
        }
    }

    private static string Verifier(DatasetArguments arguments, string format) => (arguments.Verifier ?? (format == "countdown" ? "countdown" : "numeric")) switch
    {
        // A prompt in words asks for an expression, the short form for the trace that continues it.
        "countdown" => $"type: countdown, format: {(arguments.PromptTemplate is null ? "trace" : "expression")}",
        var other => $"type: {other}",
    };

    /// <summary>Which columns the first row has; <c>####</c> for an answer in GSM8K's form.</summary>
    private static Func<string, bool> FirstRow(string path)
    {
        IEnumerable<JsonlRow> rows = JsonlReader.Read(path);
        if (path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
        {
            var reader = new DuckDbParquetReader();
            rows = ParquetRows.Read(reader, path, reader.Describe(path), columns: null);
        }

        foreach (var row in rows)
        {
            var known = Prompts.Concat(Answers).Concat(["reward_model", "numbers"]).Where(row.Has).ToHashSet(StringComparer.Ordinal);
            if (row.IsText("answer") && row.Text("answer").Contains("####", StringComparison.Ordinal))
            {
                known.Add("####");
            }

            return known.Contains;
        }

        throw new DataException($"{path}: has no rows");
    }

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
