using System.CommandLine;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary><c>recipe show | check | schema</c>.</summary>
internal static class RecipeCommand
{
    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var command = new DocumentedCommand("recipe", "Show, check and look up recipes.")
        {
            Examples =
            [
                ("recipe show recipes/quickstart.yaml", "every value that applies, defaults included"),
                ("recipe check recipes/*.yaml", "find mistakes without running anything"),
                ("recipe schema loss", "what the loss section may hold"),
            ],
        };
        command.Subcommands.Add(CreateShow(services.Terminal));
        command.Subcommands.Add(CreateCheck(services.Terminal));
        command.Subcommands.Add(CreateSchema(services.Terminal));
        return command;
    }

    private static DocumentedCommand CreateShow(Terminal terminal)
    {
        var recipe = Arguments.Named<string>("recipe", ArgumentArity.ExactlyOne, "The recipe file (YAML).");
        var set = Options.Set();
        var command = new DocumentedCommand("show", "Print a recipe with every value that applies, defaults included.")
        {
            Examples =
            [
                ("recipe show recipes/quickstart.yaml", "all values"),
                ("recipe show my.yaml --set training.steps=9 > full.yaml", "with changes, to a file"),
            ],
        };
        command.Arguments.Add(recipe);
        command.Options.Add(set);
        command.SetAction(result =>
        {
            terminal.Out.Write(RecipeLoader.Load(result.GetRequiredValue(recipe), result.GetValue(set) ?? []).ToYaml());
            return ExitCodes.Ok;
        });
        return command;
    }

    private static DocumentedCommand CreateCheck(Terminal terminal)
    {
        var recipes = Arguments.Named<string[]>("recipe", ArgumentArity.OneOrMore, "Recipe files (YAML).");
        var set = Options.Set();
        var command = new DocumentedCommand("check", "Check recipes without running anything.")
        {
            Examples =
            [
                ("recipe check recipes/*.yaml", "all of a folder"),
                ("recipe check my.yaml --set loss.clip_low=0.3", "with a change"),
            ],
        };
        command.Arguments.Add(recipes);
        command.Options.Add(set);
        command.SetAction(result => Check(result.GetRequiredValue(recipes), result.GetValue(set) ?? [], terminal));
        return command;
    }

    private static int Check(string[] files, string[] overrides, Terminal terminal)
    {
        var code = ExitCodes.Ok;
        foreach (var file in files)
        {
            try
            {
                CheckOne(file, overrides);
                terminal.Out.WriteLine($"{file}: ok");
            }
            catch (RecipeException error)
            {
                // Reported without its trace in any case: the other files are still to be checked.
                code = ErrorReporter.Report(error, debug: false, terminal.Error);
            }
        }

        return code;
    }

    private static void CheckOne(string file, string[] overrides)
    {
        if (!SweepFile.IsSweep(file))
        {
            RecipeLoader.Load(file, overrides);
            return;
        }

        foreach (var variant in SweepFile.Load(file).Variants)
        {
            RecipeLoader.Load(variant.RecipePath, [.. variant.Overrides, .. overrides]);
        }
    }

    private static DocumentedCommand CreateSchema(Terminal terminal)
    {
        var section = Arguments.Named<string?>("path", ArgumentArity.ZeroOrOne, "Only this key or section.");
        var json = Options.Json("Print a JSON Schema of whole recipes, for editors.");
        var command = new DocumentedCommand("schema", "List every key a recipe may have, with type, default, range and meaning.")
        {
            Examples =
            [
                ("recipe schema", "everything"),
                ("recipe schema optimizer.schedule", "one section"),
                ("recipe schema --json > recipe.schema.json", "for editors"),
            ],
        };
        command.Arguments.Add(section);
        command.Options.Add(json);
        command.SetAction(result =>
        {
            if (result.GetValue(json))
            {
                terminal.Out.WriteLine(RecipeSchema.ToJson());
            }
            else
            {
                SchemaText.Write(RecipeSchema.Describe(), result.GetValue(section), terminal.Out);
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
