using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.UnitTests.Data;

public sealed class ChatTemplateFolderTests : IDisposable
{
    private static readonly ChatMessage[] Hello = [new("user", "hi")];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_without_a_template_has_none()
    {
        Assert.Null(ChatTemplateFolder.Find(_folder.Root));
        _folder.Write("tokenizer_config.json", "{\"eos_token\":\"<e>\",\"chat_template\":null}");
        Assert.Null(ChatTemplateFolder.Find(_folder.Root));
    }

    [Theory]
    [InlineData("\"{{ bos_token }}{{ messages[0].content }}{{ eos_token }}\"", "<b>hi<e>")]
    [InlineData("[{\"name\":\"tool_use\",\"template\":\"no\"},{\"name\":\"default\",\"template\":\"{{ messages[0].role }}\"}]", "user")]
    public void The_config_has_it_as_text_or_by_name(string template, string expected)
    {
        _folder.Write("tokenizer_config.json", $"{{\"bos_token\":{{\"content\":\"<b>\",\"lstrip\":false}},\"eos_token\":\"<e>\",\"chat_template\":{template}}}");
        Assert.Equal(expected, ChatTemplateFolder.Find(_folder.Root)!.Render(Hello));
        _folder.Write("chat_template.jinja", "{{ eos_token }}!");
        Assert.Equal("<e>!", ChatTemplateFolder.Find(_folder.Root)!.Render(Hello));
        Assert.Equal("<e>?", ChatTemplateFolder.Open(_folder.Write("own.jinja", "{{ eos_token }}?"), _folder.Root).Render(Hello));
    }

    [Theory]
    [InlineData("{", "tokenizer_config.json: not valid JSON")]
    [InlineData("[]", "tokenizer_config.json: must be one JSON object")]
    [InlineData("{\"chat_template\":7}", "tokenizer_config.json: chat_template must be text, or a list of named templates")]
    [InlineData("{\"chat_template\":[{\"name\":\"rag\",\"template\":\"x\"}]}", "of which one is 'default'; it names 'rag'")]
    [InlineData("{\"chat_template\":\"{% for %}\"}", "tokenizer_config.json: chat_template: chat template line 1")]
    public void What_is_wrong_is_named_with_file_and_key(string config, string expected)
    {
        _folder.Write("tokenizer_config.json", config);
        var message = Assert.Throws<DataException>(() => ChatTemplateFolder.Find(_folder.Root)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_template_file_that_is_not_there_is_named() =>
        Assert.Contains("own.jinja: cannot be read", Assert.Throws<DataException>(() => ChatTemplateFolder.Open(_folder["own.jinja"], null)).Message, StringComparison.Ordinal);

    /// <summary>Qwen2.5's template has a system message of its own where the chat has none.</summary>
    [SharedDataFact("qwen2.5-tokenizer/tokenizer_config.json")]
    public void Qwen_makes_a_question_a_chat()
    {
        var folder = Path.GetDirectoryName(SharedDataFactAttribute.Locate("qwen2.5-tokenizer/tokenizer_config.json"))!;
        var template = ChatTemplateFolder.Find(folder)!;
        Assert.Equal(
            "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
            new ChatFormat(template).Of(Hello));
        Assert.Equal("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", new ChatFormat(template, "Be brief.").Of(Hello));
        var variables = new Dictionary<string, JsonElement> { ["add_generation_prompt"] = JsonElement.Parse("false") };
        Assert.DoesNotContain("assistant", new ChatFormat(template, "Be brief.", variables).Of(Hello), StringComparison.Ordinal);
    }
}
