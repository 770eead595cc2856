using System.Text.Json;
using System.Text.Json.Serialization;
using RolloutLab.Core;

namespace RolloutLab.Training;

/// <summary>
/// A run's checkpoints: <c>step-000120/</c> is a model folder (<c>config.json</c>, <c>model.safetensors</c>,
/// <c>tokenizer.json</c>) with <c>optimizer.safetensors</c> and <c>state.json</c> beside. A checkpoint is written under
/// another name and renamed when complete, so a folder of that name is always whole.
/// </summary>
/// <param name="folder">The run's checkpoint folder; exists.</param>
/// <param name="keepLast">Checkpoints kept, at least 1; older ones are deleted.</param>
/// <param name="saveModel">Writes model and tokenizer into a folder.</param>
/// <param name="optimizer">The optimizer; borrowed.</param>
public sealed class CheckpointStore(string folder, int keepLast, Action<string> saveModel, AdamW optimizer) : ICheckpointWriter
{
    private const string Prefix = "step-";
    private const string Unfinished = ".unfinished";

    /// <inheritdoc/>
    public string? Newest => Complete().LastOrDefault();

    /// <inheritdoc/>
    public void Write(LoopState state)
    {
        var target = Path.Combine(folder, $"{Prefix}{state.Step:D6}");
        var beside = target + Unfinished;
        try
        {
            Remove(beside);
            Directory.CreateDirectory(beside);
            saveModel(beside);
            optimizer.Save(Path.Combine(beside, "optimizer.safetensors"));
            File.WriteAllBytes(Path.Combine(beside, "state.json"), JsonSerializer.SerializeToUtf8Bytes(state, LoopStateJson.Default.LoopState));
            Remove(target);
            Directory.Move(beside, target);
            foreach (var old in Complete().SkipLast(keepLast))
            {
                Remove(old);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CheckpointException)
        {
            throw new RunException(
                $"checkpoint {target} cannot be written: {exception.Message}; free space or give --run-dir another folder"
                + (Newest is { } last ? $"; the last good checkpoint is {last}" : ""),
                exception);
        }
    }

    private List<string> Complete() => Directory.EnumerateDirectories(folder, Prefix + "*")
        .Where(d => !d.EndsWith(Unfinished, StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)
        .ToList();

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(LoopState))]
internal sealed partial class LoopStateJson : JsonSerializerContext;
