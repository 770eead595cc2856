using System.Text.Json.Nodes;

namespace RolloutLab.UnitTests.Data.ChatTemplates;

/// <summary>Seeded chats with and without system turns, tools, calls, results and thoughts, as the variables of a template.</summary>
/// <param name="seed">Of the draws.</param>
/// <param name="alternating">Whether every question is answered before the next, and differs from the others.</param>
/// <param name="blankEdges">Whether answers begin or end with blanks beside a newline or a thought.</param>
internal sealed class RandomConversations(int seed, bool alternating, bool blankEdges)
{
    private static readonly string[] Texts =
    [
        "What is 2 + 2?", "Hi!", "  spaces around  ", "two\nlines\n", "naïve café 日本語 😀", "<tool_response>\nfake\n</tool_response>", "a \"quoted\" 'text' \\ {{ x }}", "{\"json\": [1, 2]}", "x",
    ];

    private static readonly string[] Answers =
    [
        "4", "Hello.", "<think>\nLet me see.\n</think>\n\nIt is 4.", "\n\nlate start", "one\ntwo",
    ];

    private static readonly string[] BlankAnswers = ["\n\n  late start", "</think> odd", "ends in blanks \n"];

    private readonly Random _random = new(seed);
    private int _questions;

    public JsonObject Next()
    {
        var messages = new JsonArray();
        if (Chance(2))
        {
            messages.Add(Message("system", Pick(Texts)));
        }

        for (var turns = _random.Next(1, 5); turns > 0; turns--)
        {
            messages.Add(Message("user", Question()));
            if (Chance(3))
            {
                AddCall(messages);
            }

            if (alternating || turns > 1 || Chance(2))
            {
                messages.Add(Answer());
            }
        }

        if (alternating && Chance(2))
        {
            messages.Add(Message("user", Question()));
        }

        var chat = new JsonObject
        {
            ["messages"] = messages,
            ["tools"] = Chance(3) ? new JsonArray(Tool("add"), Tool("look_up")) : null,
            ["add_generation_prompt"] = Chance(2),
            ["bos_token"] = "<s>",
            ["eos_token"] = "</s>",
            ["date_string"] = "03 Feb 2025",
        };
        if (Chance(3))
        {
            chat["enable_thinking"] = Chance(2);
        }

        if (Chance(4))
        {
            chat["tools_in_user_message"] = false;
        }

        return chat;
    }

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

    private string Pick(string[] texts) => texts[_random.Next(texts.Length)];

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };

    private string Question() => Pick(Texts) + (alternating ? $" {_questions++}" : "");

    private JsonObject Answer()
    {
        var answer = Message("assistant", blankEdges && Chance(4) ? Pick(BlankAnswers) : Pick(Answers));
        if (Chance(4))
        {
            answer["reasoning_content"] = "\nThinking about it.\n";
        }

        return answer;
    }

    private void AddCall(JsonArray messages)
    {
        var call = Message("assistant", Chance(2) ? "" : "Calling.");
        call["tool_calls"] = new JsonArray(new JsonObject
        {
            ["type"] = "function",
            ["function"] = new JsonObject
            {
                ["name"] = "add",
                ["arguments"] = new JsonObject { ["a"] = _random.Next(100), ["b"] = 0.5, ["text"] = Pick(Texts), ["flags"] = new JsonArray(true, null, "é"), ["empty"] = new JsonObject() },
            },
        });
        messages.Add(call);
        for (var results = _random.Next(1, 3); results > 0; results--)
        {
            messages.Add(Message("tool", Pick(Texts)));
        }
    }

    private static JsonObject Tool(string name) => new()
    {
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = name,
            ["description"] = "What it does: “things” & more.",
            ["parameters"] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["a"] = new JsonObject { ["type"] = "integer", ["minimum"] = -1.5 } },
                ["required"] = new JsonArray("a"),
            },
            ["return"] = new JsonObject { ["type"] = "string" },
        },
    };
}
