using RolloutLab.Cli;
using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary>A conversation with a model that says what it was given.</summary>
public sealed class ChatLoopTests
{
    [Fact]
    public void Turns_add_up_until_the_conversation_begins_anew()
    {
        var (model, output, _) = Talk("a\nb\n/reset\nc\n/system Be brief.\nd\n\n   \n/system\ne\n/exit\nnever\n", hasTemplate: true, system: "S");
        Assert.Equal(
            ["system:S user:a", "system:S user:a assistant:1 user:b", "system:S user:c", "system:Be brief. user:d", "user:e"],
            model.Seen);
        Assert.Equal([0, 1, 2, 3, 4], model.Turns);
        Assert.Equal("1\n2\n3\n4\n5\n", output);
    }

    [Fact]
    public void Commands_that_are_none_are_named_with_those_there_are()
    {
        var (model, _, error) = Talk("/rest\n/help\n/system x\na\n", hasTemplate: false, system: null);
        Assert.Contains("/rest: unknown; /reset begins anew", error, StringComparison.Ordinal);
        Assert.Contains("/system: this model has no chat template", error, StringComparison.Ordinal);
        Assert.Equal(["user:a"], model.Seen);
    }

    [Fact]
    public void A_turn_that_fails_leaves_the_conversation_as_it_was()
    {
        var (model, output, error) = Talk("a\nfail\nb\n", hasTemplate: true, system: null);
        Assert.Equal(["user:a", "user:a assistant:1 user:fail", "user:a assistant:1 user:b"], model.Seen);
        Assert.Contains("too long", error, StringComparison.Ordinal);
        Assert.Equal("1\n3\n", output);
    }

    [Fact]
    public void Ctrl_c_ends_the_answer_and_between_answers_tells_how_to_leave()
    {
        var (hints, left) = (0, 0);
        var interrupt = new ChatInterrupt(() => hints++, () => left++);
        var stopped = interrupt.During(stop =>
        {
            interrupt.Request();
            return stop.IsCancellationRequested;
        });
        Assert.True(stopped);
        Assert.Equal((0, 0), (hints, left));
        interrupt.Request();
        Assert.Equal((1, 0), (hints, left));
        Assert.False(interrupt.During(stop => stop.IsCancellationRequested));
        interrupt.Request();
        interrupt.Request();
        Assert.Equal((2, 1), (hints, left));
    }

    private static (Echo Model, string Output, string Error) Talk(string lines, bool hasTemplate, string? system)
    {
        using var model = new Echo(hasTemplate);
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal { In = new StringReader(lines), Out = output, Error = error, IsLive = false };
        new ChatLoop(model, new SamplingParameters(), system, new ChatText(terminal), terminal, new ChatInterrupt(() => { }, () => { })).Run();
        return (model, output.ToString(), error.ToString());
    }

    private sealed class Echo(bool hasTemplate) : IChatModel
    {
        public List<string> Seen { get; } = [];

        public List<long> Turns { get; } = [];

        public bool HasTemplate => hasTemplate;

        public string Description => "echo";

        public ChatAnswer Answer(IReadOnlyList<ChatMessage> messages, SamplingParameters sampling, long turn, Action<string> show, CancellationToken stop)
        {
            Seen.Add(string.Join(' ', messages.Select(m => $"{m.Role}:{m.Content}")));
            if (messages[^1].Content == "fail")
            {
                throw new DataException("the conversation is too long");
            }

            Turns.Add(turn);
            var text = (turn + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
            show(text);
            return new ChatAnswer(text, "stop", 1, 1, 0.1);
        }

        public void Dispose()
        {
        }
    }
}
