using System.CommandLine;
using System.Globalization;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary><c>parity</c>: advantages, loss and gradient of a batch from a file. No model and no LibTorch.</summary>
internal static class ParityCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var batch = Arguments.Named<string>("batch", ArgumentArity.ExactlyOne, "The batch (JSON).");
        var loss = Named("--loss", "Loss, as in recipe schema loss, or its name in verl or TRL (default: vanilla).");
        var advantage = Named("--advantage", "Estimator, as in recipe schema advantage (default: grpo).");
        var aggregation = Named("--aggregation", "How token losses become one number (default: that of the loss).");
        var weights = new Option<string?>("--reward-weights") { HelpName = "w,w", Description = "Weight of each entry of rewards (default: 1 each)." };
        var set = Options.Set();
        var json = Options.Json("Print one JSON document: advantages, loss, gradient, metrics.");
        var command = new DocumentedCommand("parity", "Compute advantages, loss and gradient of a batch in float64, to compare with another trainer.")
        {
            Examples =
            [
                ("parity data/parity/vanilla.json", "GRPO with the clipped surrogate"),
                ("parity batch.json --loss gspo --advantage rloo --set loss.clip_low=3e-4 --json", "any loss with any estimator"),
                ("parity batch.json --loss cispo --set loss.kl_coefficient=0.01 --set loss.kl_estimator=k3+", "with a divergence"),
            ],
            Notes =
            [
                ("The batch",
                [
                    ("{\"rollouts\": [{...}, ...]}", "one object a rollout"),
                    ("group", "whose baseline it shares; groups may have any sizes"),
                    ("reward, rewards", "a number, or a list or object of them; null for no verdict"),
                    ("logprobs", "the policy's, one a token; old_, rollout_ and ref_logprobs beside it"),
                    ("mask", "1 for trained tokens, which stand side by side (default: all)"),
                    ("entropy, squared_probs", "one a token, where an option needs it"),
                    ("advantage", "overrides the estimator"),
                    ("id, prompt, baseline, agent, path, correct", "names, remax and spo, rae, tree, novelty"),
                ]),
            ],
        };
        command.Arguments.Add(batch);
        foreach (var option in new Option[] { loss, advantage, aggregation, weights, set, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(result =>
        {
            string[] overrides =
            [
                .. result.GetValue(loss) is { } l ? PeerNames.Loss(l) : [],
                .. result.GetValue(advantage) is { } a ? PeerNames.Advantage(a) : [],
                .. result.GetValue(aggregation) is { } g ? PeerNames.Aggregation(g) : [],
                .. result.GetValue(set) ?? [],
            ];
            Run(services.Terminal, result.GetRequiredValue(batch), overrides, Weights(result.GetValue(weights)), result.GetValue(json));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Option<string?> Named(string name, string description) => new(name) { HelpName = "name", Description = description };

    private static void Run(Terminal terminal, string path, string[] overrides, double[] weights, bool json)
    {
        var sections = ObjectiveSections.Parse(overrides);
        var rollouts = new ParityBatchReader(path, weights, text => terminal.Error.WriteLine($"rolloutlab: {text}")).Read();
        var result = new ParityComputation(path, rollouts, sections, weights).Run();
        if (json)
        {
            ParityReport.WriteJson(result, terminal.Out);
        }
        else
        {
            ParityReport.WriteText(result, terminal.Out);
        }
    }

    private static double[] Weights(string? text) => text is null ? [] : [.. text.Split(',').Select(part =>
        double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) && double.IsFinite(weight)
            ? weight
            : throw new RecipeException($"--reward-weights {text}: '{part}' is no number; write them like --reward-weights 1,0.5"))];
}
