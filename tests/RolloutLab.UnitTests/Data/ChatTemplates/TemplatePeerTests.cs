using System.Text.Json;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.UnitTests.Data.Peers;

namespace RolloutLab.UnitTests.Data.ChatTemplates;

/// <summary>Renders seeded conversations with our engine and with @huggingface/jinja.</summary>
public sealed class TemplatePeerTests
{
    private const string Package = "@huggingface/jinja";
    private const string QwenConfig = "qwen2.5-tokenizer/tokenizer_config.json";
    private const int Conversations = 200;

    [NodeFact(Package, QwenConfig)]
    public void Qwen25_renders_as_the_npm_package_does()
    {
        using var config = JsonDocument.Parse(File.ReadAllText(SharedDataFactAttribute.Locate(QwenConfig)));
        Compare(config.RootElement.GetProperty("chat_template").GetString()!, seed: 1);
    }

    // The npm package's strip('\n') takes blanks too; Python's takes newlines alone. Answers where that shows are left out here.
    [NodeFact(Package)]
    public void Qwen3_style_renders_as_the_npm_package_does() => Compare(TemplateFamilies.Qwen3, seed: 2, blankEdges: false);

    [NodeFact(Package)]
    public void Llama3_style_renders_as_the_npm_package_does() => Compare(TemplateFamilies.Llama3, seed: 3);

    [NodeFact(Package)]
    public void SmolLm2_style_renders_as_the_npm_package_does() => Compare(TemplateFamilies.SmolLm2, seed: 4);

    // The npm package compares messages by identity, Python by content: questions differ, so that both say the same.
    [NodeFact(Package)]
    public void Mistral_style_renders_as_the_npm_package_does() => Compare(TemplateFamilies.Mistral, seed: 5, alternating: true);

    [Fact]
    public void Where_the_npm_package_differs_Python_is_followed()
    {
        ChatMessage[] chat = [new("user", "x"), new("assistant", "y"), new("user", "x")];
        Assert.Equal("[ a ]|TrueFalseTrue", ChatTemplate.Parse(
            "[{{ '\n a \n'.strip('\n') }}]|{% for m in messages %}{{ m == messages[-1] }}{% endfor %}", "t").Render(chat));
    }

    private static void Compare(string source, int seed, bool alternating = false, bool blankEdges = true)
    {
        var random = new RandomConversations(seed, alternating, blankEdges);
        var chats = Enumerable.Range(0, Conversations).Select(_ => random.Next()).ToList();
        var template = ChatTemplate.Parse(source, "template");
        var answers = NodePeer.Run("render.mjs", new { template = source, chats });
        Assert.Equal(Conversations, answers.Count);
        var rendered = 0;
        for (var i = 0; i < chats.Count; i++)
        {
            var ours = Render(template, chats[i]);
            if (answers[i].ValueKind == JsonValueKind.String)
            {
                Assert.Equal(answers[i].GetString(), ours);
                rendered++;
            }
            else
            {
                Assert.True(ours is null, answers[i].ToString());
            }
        }

        Assert.True(rendered > Conversations * 9 / 10, $"only {rendered} conversations were rendered by both");
    }

    private static string? Render(ChatTemplate template, JsonObject chat)
    {
        var variables = chat.Where(e => e.Key is not ("messages" or "tools" or "add_generation_prompt")).ToDictionary(e => e.Key, e => e.Value.Deserialize<JsonElement>());
        try
        {
            return template.Render(
                chat["messages"].Deserialize<JsonElement>(), chat["tools"]?.Deserialize<JsonElement>(), (bool)chat["add_generation_prompt"]!, variables);
        }
        catch (DataException)
        {
            return null;
        }
    }
}
