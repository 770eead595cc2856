using System.CommandLine;
using System.Text.Json.Nodes;
using RolloutLab.Models;

namespace RolloutLab.Cli;

/// <summary><c>export</c>: what a run learned, as a folder that other tools load.</summary>
internal static class ExportCommand
{
    private static readonly IReadOnlyDictionary<string, SafetensorsType> Types = new Dictionary<string, SafetensorsType>
    {
        ["float32"] = SafetensorsType.F32, ["bfloat16"] = SafetensorsType.BF16, ["float16"] = SafetensorsType.F16,
    };

    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var source = Arguments.Named<string>("run|folder", ArgumentArity.ExactlyOne, "A run folder, one of its checkpoints, or any model or adapter folder.");
        var folder = Arguments.Named<string>("folder", ArgumentArity.ExactlyOne, "The folder to write: new or empty.");
        var step = Options.WholeNumber("--step", 0, long.MaxValue, "The run's checkpoint of this step (default: its newest).");
        var merge = new Option<bool>("--merge") { Description = "Add an adapter to its base model and write the whole model." };
        var dtype = new Option<string>("--dtype") { HelpName = "type", Description = "How weights are stored: float32, which is exact, bfloat16 or float16.", DefaultValueFactory = _ => "float32" };
        dtype.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(token => !Types.ContainsKey(token.Value)) is { } wrong)
            {
                result.AddError($"--dtype {wrong.Value}: must be one of {string.Join(", ", Types.Keys)}");
            }
        });
        var baseModel = new Option<string?>("--base") { HelpName = "folder", Description = "An adapter's base model (default: the one it names)." };
        var json = Options.Json("Print what was written as one JSON document.");
        var command = new DocumentedCommand("export", "Write a trained model as a Hugging Face folder: config, tokenizer, generation settings, safetensors; or an adapter as PEFT's.")
        {
            Examples =
            [
                ("export runs/<run> my-model", "the newest checkpoint"),
                ("export runs/<run> my-model --step 40 --dtype bfloat16", "an earlier one, rounded"),
                ("export runs/<lora run> my-adapter", "the adapter, for PEFT"),
                ("export runs/<lora run> my-model --merge", "adapter and base as one model"),
            ],
        };
        command.Arguments.Add(source);
        command.Arguments.Add(folder);
        foreach (var option in new Option[] { step, merge, dtype, baseModel, json })
        {
            command.Options.Add(option);
        }

        command.SetAction(result =>
        {
            var type = result.GetRequiredValue(dtype);
            using var progress = WorkProgress.Of(services, "MiB", result.GetValue(json));
            var arguments = new ExportArguments(
                result.GetRequiredValue(source), result.GetRequiredValue(folder), result.GetValue(step), result.GetValue(merge), Types[type], result.GetValue(baseModel));
            Tell(services.Terminal, services.Runs().Export(arguments, progress), type, result.GetValue(json));
            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Tell(Terminal terminal, ExportedModel written, string dtype, bool json)
    {
        var kind = written.IsAdapter ? "adapter" : "model";
        if (json)
        {
            terminal.Out.WriteLine(new JsonObject
            {
                ["path"] = written.Path,
                ["kind"] = kind,
                ["dtype"] = dtype,
                ["parameters"] = written.Parameters,
                ["files"] = new JsonArray([.. written.Files.Select(file => new JsonObject { ["name"] = file.Name, ["bytes"] = file.Bytes })]),
            }.ToJsonString(SimulationReport.Readable));
            return;
        }

        terminal.Out.WriteLine($"{kind} of {Figures.Count(written.Parameters)} parameters in {dtype}: {ProgressText.Shorten(written.Path)}");
        foreach (var (name, bytes) in written.Files)
        {
            terminal.Out.WriteLine($"  {name,-40} {Figures.Bytes(bytes),10}");
        }
    }
}
