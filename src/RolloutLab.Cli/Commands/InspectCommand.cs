using System.CommandLine;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary><c>inspect</c>: draws a rollout tree that a run kept.</summary>
internal static class InspectCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var run = Arguments.Named<string>("run", ArgumentArity.ExactlyOne, "The run folder.");
        var step = Options.WholeNumber("--step", 1, long.MaxValue, "The training step (default: 1).");
        var prompt = new Option<string?>("--prompt") { HelpName = "id", Description = "The prompt (default: the first one kept of the step)." };
        var json = Options.Json("Print the tree as one JSON document.");
        var command = new DocumentedCommand(
            "inspect", "Draw the rollout tree of a prompt: where rows forked and how probable that was, what was pruned and why, and the rewards.")
        {
            Examples =
            [
                ("inspect runs/<run> --step 3", "the first tree kept of step 3"),
                ("inspect runs/<run> --step 3 --prompt cd-000042 --json", "one prompt's, for scripts"),
            ],
        };
        command.Arguments.Add(run);
        foreach (var option in new Option[] { step, prompt, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(result =>
        {
            RunChecksums.Verify(result.GetRequiredValue(run), RunDirectory.TreesName);
            var path = Path.Combine(result.GetRequiredValue(run), RunDirectory.TreesName);
            var tree = TreeLogReader.Find(path, result.GetValue(step) ?? 1, result.GetValue(prompt));
            var terminal = services.Terminal;
            if (result.GetValue(json))
            {
                terminal.Out.WriteLine(TreeLogReader.ToJson(tree));
            }
            else
            {
                foreach (var line in TreeText.Lines(tree, terminal.Width()))
                {
                    terminal.Out.WriteLine(line);
                }
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
