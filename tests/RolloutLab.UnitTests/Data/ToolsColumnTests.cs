using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Data;

/// <summary>The tools of a prompt's row reach its chat template, whatever form they are stored in.</summary>
public sealed class ToolsColumnTests : IDisposable
{
    private const string Add = """{"type":"function","function":{"name":"add","description":"Adds.","parameters":{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}}}""";
    private const string Look = """{"type":"function","function":{"name":"look_up","parameters":{"type":"object","properties":{"title":{"type":"string"}}}}}""";
    private static readonly ByteTokenizer Tokenizer = new(["<end>"], "<end>");
    private static readonly ChatFormat Plain = new(ChatTemplate.Parse("{% for t in tools or [] %}{{ t | tojson }};{% endfor %}{{ messages[-1].content }}", "test"));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Against the text that transformers' <c>apply_chat_template</c> makes of this chat and these tools.</summary>
    [SharedDataFact("qwen2.5-tokenizer/tokenizer_config.json")]
    public void Qwen_names_them_in_its_system_message()
    {
        var template = ChatTemplateFolder.Find(Path.GetDirectoryName(SharedDataFactAttribute.Locate("qwen2.5-tokenizer/tokenizer_config.json"))!)!;
        _folder.Write("a.jsonl", $"{{\"prompt\":[{{\"role\":\"user\",\"content\":\"2+2?\"}}],\"answer\":4,\"tools\":[{Add}]}}\n");
        using var set = Load("a.jsonl", Format(new ChatFormat(template)));

        Assert.Equal(
            "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.\n\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
            + "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n"
            + """{"type": "function", "function": {"name": "add", "description": "Adds.", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}}}"""
            + "\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n"
            + """{"name": <function-name>, "arguments": <args-json-object>}"""
            + "\n</tool_call><|im_end|>\n<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n",
            Assert.Single(set.Prompts).Text);
    }

    /// <summary>A Parquet list gives each tool the members of all; those that are not its own are not shown.</summary>
    [Fact]
    public void Lists_text_and_parquet_give_the_same_prompts()
    {
        _folder.Write("list.jsonl", Row("2+2?", $"[{Add},{Look}]") + Row("3+3?", "null") + Row("4+4?", "[]"));
        _folder.Write("text.jsonl", Row("2+2?", JsonSerializer.Serialize($"[{Add}, {Look}]")) + Row("3+3?", "\"\"") + Row("4+4?", "\" []\""));
        foreach (var name in new[] { "list", "text" })
        {
            using var database = new DuckDbConnection();
            database.Execute($"COPY (SELECT * FROM read_json('{_folder[name + ".jsonl"]}', format = 'newline_delimited')) TO '{_folder[name + ".parquet"]}' (FORMAT parquet)");
        }

        foreach (var file in new[] { "list.jsonl", "text.jsonl", "list.parquet", "text.parquet" })
        {
            using var set = Load(file, Format(Plain));
            var texts = set.Prompts.Select(p => p.Text).ToList();
            Assert.Equal(["3+3?", "4+4?"], texts[1..]);
            Assert.EndsWith(";2+2?", texts[0], StringComparison.Ordinal);
            var tools = texts[0][..^4].Split(';', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(2, tools.Length);
            Assert.All(tools.Zip(new[] { Add, Look }), t => Assert.True(JsonElement.DeepEquals(JsonElement.Parse(t.First), JsonElement.Parse(t.Second)), $"{file}: {t.First}"));
        }
    }

    [Fact]
    public void A_column_of_another_name_is_named_in_the_recipe_and_may_lie_in_an_object()
    {
        _folder.Write("a.jsonl", $"{{\"prompt\":\"x\",\"answer\":1,\"tools\":7,\"meta\":{{\"functions\":[{Add}]}}}}\n");
        using var set = Load("a.jsonl", Format(Plain, "meta.functions"));
        Assert.StartsWith("{\"type\"", set.Prompts[0].Text, StringComparison.Ordinal);

        // Without a chat nothing looks at the column.
        using var bare = Load("a.jsonl", Format(null));
        Assert.Equal("x", bare.Prompts[0].Text);
        Fails("a.jsonl:1: field 'functions' is missing; the line has 'prompt'", "a.jsonl", "functions");
    }

    [Theory]
    [InlineData("7", "field 'tools' must be a list of tools, or that list as JSON text, not 7")]
    [InlineData("{\"name\":\"add\"}", "field 'tools' must be a list of tools, or that list as JSON text, not a JSON Object")]
    [InlineData("[\"add\"]", "field 'tools' must hold a list of tools, each a JSON object")]
    [InlineData("\"{}\"", "field 'tools' must hold a list of tools, each a JSON object")]
    [InlineData("\"add, look_up\"", "field 'tools' is text and no JSON list of tools")]
    public void Tools_that_are_none_are_named_by_row(string tools, string expected)
    {
        _folder.Write("a.jsonl", Row("1", "[]") + Row("2", tools));
        Fails("a.jsonl:2: " + expected, "a.jsonl", name: null);
    }

    private static string Row(string prompt, string tools) => $"{{\"prompt\":\"{prompt}\",\"answer\":1,\"tools\":{tools}}}\n";

    private static ColumnPromptFormat Format(ChatFormat? chat, string? name = null) =>
        new(new PromptColumns("prompt", ["answer"], null, []), new PromptText(new TextTemplate("{prompt}", "prompt"), chat, name));

    private PromptSet Load(string name, IPromptFormat format) =>
        new PromptSetLoader(Tokenizer, new PromptSetOptions { MaxPromptTokens = 2000 }, new DuckDbParquetReader()).Load("set", _folder[name], format);

    private void Fails(string expected, string file, string? name)
    {
        var message = Assert.Throws<DataException>(() => Load(file, Format(Plain, name))).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}
