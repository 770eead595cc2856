using System.Text;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Models;
using RolloutLab.Runs;
using RolloutLab.Torch;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>
/// <c>export</c>: a checkpoint, model or adapter as a folder for other tools. It appears complete or not at all: it is written
/// beside its place and renamed.
/// </summary>
/// <param name="arguments">What was asked for.</param>
/// <param name="progress">Told of every megabyte of weights.</param>
internal sealed class ModelExport(ExportArguments arguments, IProgress<WorkDone> progress)
{
    private const string GenerationConfig = "generation_config.json";
    private const int Megabyte = 1 << 20;

    /// <summary>Writes it.</summary>
    /// <exception cref="CheckpointException">There is no such model, or it is damaged.</exception>
    /// <exception cref="RunException">The target is not free, or the file system refused.</exception>
    public ExportedModel Execute()
    {
        var source = EvalTarget.ModelFolderOf(arguments.Source, arguments.Step);
        SavedCheckpoint.Verify(source);
        var adapter = PeftFolder.IsIn(source) ? PeftFolder.Open(source) : null;
        if (adapter is null && (arguments.Merge || arguments.Base is not null))
        {
            throw new CheckpointException($"{source}: is a whole model, not an adapter; leave {(arguments.Merge ? "--merge" : "--base")} out");
        }

        var model = ModelFolder.Open(adapter is null ? source : AdapterBase.Find(adapter, arguments.Base, RecipeModel(source)));
        RequireFree();
        var beside = Path.TrimEndingDirectorySeparator(Path.GetFullPath(arguments.Folder)) + ".unfinished";
        try
        {
            Remove(beside);
            Directory.CreateDirectory(beside);
            var parameters = adapter is null || arguments.Merge ? WriteModel(model, adapter, source, beside) : WriteAdapter(adapter, model, beside);
            Remove(arguments.Folder);
            Directory.Move(beside, arguments.Folder);
            return Describe(parameters, isAdapter: adapter is not null && !arguments.Merge);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RunException($"{arguments.Folder}: cannot be written ({error.Message}); free space or choose another folder", error);
        }
        finally
        {
            Remove(beside);
        }
    }

    private long WriteModel(ModelFolder model, PeftFolder? adapter, string source, string folder)
    {
        using var weights = model.LoadWeights(Device.Cpu, trainable: false);
        if (adapter is not null)
        {
            weights.Attach(adapter.Load(model.Config, new RandomStreams(0), Device.Cpu));
            weights.MergeAdapter();
        }

        var total = weights.ParameterCount * arguments.Type.ByteSize();
        long done = 0;
        ModelFolder.Save(folder, weights, model, arguments.Type, written: bytes =>
        {
            done += bytes;
            progress.Report(new WorkDone(done / Megabyte, total / Megabyte));
        });
        CopyTokenizer(source, folder);
        WriteGenerationConfig(folder);
        return weights.ParameterCount;
    }

    private long WriteAdapter(PeftFolder adapter, ModelFolder model, string folder)
    {
        using var loaded = adapter.Load(model.Config, new RandomStreams(0), Device.Cpu);
        model.SaveCompanions(folder);
        CopyTokenizer(adapter.Path, folder);
        PeftFolder.Save(folder, loaded, adapter.BaseName, arguments.Type);
        return loaded.ParameterCount;
    }

    /// <summary>An adapter's checkpoint has the tokenizer it was trained with; the model under it may have another.</summary>
    private static void CopyTokenizer(string source, string folder)
    {
        foreach (var path in Directory.GetFiles(source, "tokenizer*"))
        {
            File.Copy(path, Path.Combine(folder, Path.GetFileName(path)), overwrite: true);
        }
    }

    /// <summary>Says where a generation ends, if no file of the source does: as config.json says, else as the tokenizer does.</summary>
    private static void WriteGenerationConfig(string folder)
    {
        var path = Path.Combine(folder, GenerationConfig);
        if (File.Exists(path))
        {
            return;
        }

        var config = JsonNode.Parse(File.ReadAllBytes(Path.Combine(folder, ModelFolder.ConfigFile)))!.AsObject();
        var tokenizer = Path.Combine(folder, "tokenizer.json");
        var end = config["eos_token_id"]?.DeepClone() ?? (File.Exists(tokenizer) ? TokenizerFile.Load(tokenizer).EndOfTextId : null);
        var settings = new JsonObject { ["_from_model_config"] = true, ["bos_token_id"] = config["bos_token_id"]?.DeepClone(), ["eos_token_id"] = end, ["pad_token_id"] = config["pad_token_id"]?.DeepClone() };
        foreach (var key in settings.Where(pair => pair.Value is null).Select(pair => pair.Key).ToList())
        {
            settings.Remove(key);
        }

        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(settings.ToJsonString(Indented) + "\n")));
    }

    private static readonly System.Text.Json.JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static string? RecipeModel(string source) =>
        EvalTarget.RecipeOfRun(source) is { } recipe ? Recipes.RecipeLoader.Load(recipe, []).Model.Path : null;

    private void RequireFree()
    {
        if (File.Exists(arguments.Folder) || (Directory.Exists(arguments.Folder) && Directory.EnumerateFileSystemEntries(arguments.Folder).Any()))
        {
            throw new RunException($"{arguments.Folder}: exists and is not empty; give a new folder");
        }
    }

    private ExportedModel Describe(long parameters, bool isAdapter)
    {
        var files = new DirectoryInfo(arguments.Folder).GetFiles().OrderBy(file => file.Name, StringComparer.Ordinal);
        return new ExportedModel(Path.GetFullPath(arguments.Folder), isAdapter, parameters, [.. files.Select(file => (file.Name, file.Length))]);
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
