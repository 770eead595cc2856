using System.Text.Json;
using System.Text.Json.Serialization;
using RolloutLab.Core;
using RolloutLab.Models;

namespace RolloutLab.Cli;

/// <summary>What a checkpoint of an adapter remembers of the model under it.</summary>
/// <param name="Fingerprint">See <see cref="WeightFingerprint"/>.</param>
internal sealed record BaseModelNote(string Fingerprint);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(BaseModelNote))]
internal sealed partial class AdapterJson : JsonSerializerContext;

/// <summary>Finds the base model of an adapter folder, and makes sure that it is the one the adapter was trained on.</summary>
internal static class AdapterBase
{
    private const string NoteFile = "base_model.json";

    /// <summary>
    /// The folder of the base model: the one given; else the one the adapter names, as a path or beside the adapter; else the
    /// fallback.
    /// </summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="given">Named by the user; null for none.</param>
    /// <param name="fallback">The model of the recipe that goes with the adapter; null for none.</param>
    /// <exception cref="CheckpointException">None of them is a model folder, or its weights are others than the adapter was trained on.</exception>
    public static string Find(PeftFolder adapter, string? given, string? fallback)
    {
        string?[] candidates = given is not null ? [given] : [adapter.BaseName, adapter.BaseName is { } name ? Path.Combine(adapter.Path, name) : null, fallback];
        var found = candidates.FirstOrDefault(folder => folder is not null && File.Exists(Path.Combine(folder, ModelFolder.ConfigFile)));
        if (found is null)
        {
            var named = given ?? adapter.BaseName;
            throw new CheckpointException(
                $"{adapter.Path}: its base model {(named is null ? "is not named" : $"'{named}' is no model folder here")}; give the folder with model.base in the recipe (or --set model.base=FOLDER; export: --base FOLDER)");
        }

        Check(adapter.Path, found);
        return found;
    }

    /// <summary>Writes the note beside an adapter.</summary>
    public static void WriteNote(string folder, string fingerprint) => AtomicFile.Write(
        Path.Combine(folder, NoteFile), stream => JsonSerializer.Serialize(stream, new BaseModelNote(fingerprint), AdapterJson.Default.BaseModelNote));

    private static void Check(string adapter, string model)
    {
        var path = Path.Combine(adapter, NoteFile);
        if (!File.Exists(path))
        {
            return;
        }

        BaseModelNote? note;
        try
        {
            note = JsonSerializer.Deserialize(File.ReadAllBytes(path), AdapterJson.Default.BaseModelNote);
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read ({error.Message}); use another checkpoint", error);
        }

        if (note?.Fingerprint != WeightFingerprint.Of(model))
        {
            throw new CheckpointException($"{model}: its weights are not those that the adapter {adapter} was trained on; put those back, or name their folder with model.base (export: --base)");
        }
    }
}
