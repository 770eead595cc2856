using System.CommandLine;
using System.Runtime.InteropServices;
using RolloutLab.Core;

namespace RolloutLab.Cli;

/// <summary><c>chat</c>: talks to a model in the terminal.</summary>
internal static class ChatCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var target = Arguments.Named<string>("model", ArgumentArity.ExactlyOne, "A model folder, or a run, whose newest checkpoint is taken.");
        var prompt = new Option<string?>("--prompt") { HelpName = "text", Description = "Answer this and end." };
        var system = new Option<string?>("--system") { HelpName = "text", Description = "System message, where the model has a chat template." };
        var plain = new Option<bool>("--plain") { Description = "Continue plain text, although the model has a chat template." };
        var thinking = new Option<bool?>("--thinking") { HelpName = "true|false", Description = "Given to the chat template as enable_thinking (Qwen3)." };
        var temperature = Options.Number("--temperature", 0, 100, "Divides logits; 0 takes the most probable token (default: 0.7).");
        var topP = Options.Number("--top-p", 1e-6, 1, "Draw from the fewest tokens that have this probability together (default: 0.95).");
        var tokens = Options.WholeNumber("--max-new-tokens", 1, int.MaxValue, "Longest answer in tokens (default: 512).");
        var context = Options.WholeNumber("--context", 16, int.MaxValue, "Most tokens of a conversation (default: 4096, or what the model has).");
        var seed = Options.WholeNumber("--seed", 0, (1L << 56) - 1, "Seed of the draws (default: 1).");
        var threads = Options.WholeNumber("--threads", 1, 4096, "CPU threads (default: all cores).");
        var json = Options.Json("Print one JSON object an answer.");
        var command = new DocumentedCommand("chat", "Talk to a model in the terminal, with its chat template if it has one; else it continues your text.")
        {
            Examples =
            [
                ("chat runs/<run>", "what a run has learned"),
                ("chat <folder> --system \"Answer in one word.\" --temperature 0", "any model folder"),
                ("chat <folder> --prompt \"What is 17 * 23?\" --json", "one answer, for scripts"),
            ],
            Notes =
            [
                ("While talking",
                [
                    ("/reset", "begins the conversation anew"),
                    ("/system TEXT", "sets the system message and begins anew"),
                    ("/exit", "leaves, as Ctrl-D does"),
                    ("Ctrl-C", "stops the answer; between answers, twice leaves"),
                ]),
            ],
        };
        command.Arguments.Add(target);
        foreach (var option in new Option[] { prompt, system, plain, thinking, temperature, topP, tokens, context, seed, threads, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(result =>
        {
            var terminal = services.Terminal;
            using var model = services.Runs().Chat(new ChatArguments(
                result.GetRequiredValue(target), result.GetValue(plain), (int)(result.GetValue(context) ?? 4096), result.GetValue(seed) ?? 1,
                (int)(result.GetValue(threads) ?? 0), result.GetValue(thinking)));
            if (result.GetValue(system) is not null && !model.HasTemplate)
            {
                throw new DataException("--system: this model has no chat template to put a system message into; leave it out");
            }

            var sampling = new SamplingParameters
            {
                Temperature = (float)(result.GetValue(temperature) ?? 0.7),
                TopP = (float)(result.GetValue(topP) ?? 0.95),
                MaxNewTokens = (int)(result.GetValue(tokens) ?? 512),
            };
            IChatOutput output = result.GetValue(json) ? new ChatJson(terminal) : new ChatText(terminal);
            var interrupt = new ChatInterrupt(() => output.Notice("Ctrl-C again leaves, as /exit does"), ImmediateExit.Interrupted);
            using var signal = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
            {
                context.Cancel = true;
                interrupt.Request();
            });
            var loop = new ChatLoop(model, sampling, result.GetValue(system), output, terminal, interrupt);
            return result.GetValue(prompt) is { } question ? Once(loop, question) : Converse(loop);
        });
        return command;
    }

    private static int Once(ChatLoop loop, string question) => loop.Turn(question) switch
    {
        null => ExitCodes.BadInput,
        { Ending: ChatAnswer.Interrupted } => ExitCodes.Interrupted,
        _ => ExitCodes.Ok,
    };

    private static int Converse(ChatLoop loop)
    {
        loop.Run();
        return ExitCodes.Ok;
    }
}
