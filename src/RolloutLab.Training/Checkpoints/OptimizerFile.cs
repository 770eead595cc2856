using System.Globalization;
using System.Runtime.InteropServices;
using RolloutLab.Core;
using RolloutLab.Models;
using RolloutLab.Torch;

namespace RolloutLab.Training;

/// <summary>
/// AdamW's state as a safetensors file: for each parameter <c>exp_avg.NAME</c> and <c>exp_avg_sq.NAME</c>, shaped like the
/// parameter in memory, and the number of steps in the metadata.
/// </summary>
internal static class OptimizerFile
{
    private const string StepKey = "step";

    public static void Write(string path, IEnumerable<(string Name, Tensor Tensor)> moments, long step)
    {
        var sources = moments.Select(m => new SafetensorsSource(
            m.Name, SafetensorsType.F32, m.Tensor.shape.ToArray(), stream => stream.Write(MemoryMarshal.AsBytes<float>(m.Tensor.ToArray<float>()))));
        var metadata = new Dictionary<string, string> { [StepKey] = step.ToString(CultureInfo.InvariantCulture) };
        SafetensorsWriter.Write(path, sources, metadata);
    }

    /// <summary>Fills the moments and returns the number of steps.</summary>
    /// <exception cref="CheckpointException">The file is damaged or belongs to another model.</exception>
    public static long Read(string path, IReadOnlyCollection<(string Name, Tensor Tensor)> moments)
    {
        using var file = SafetensorsFile.Open(path);
        if (!file.Metadata.TryGetValue(StepKey, out var text)
            || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var step))
        {
            throw new CheckpointException($"{path}: metadata key {StepKey} is missing or not a number; use a checkpoint that was written completely");
        }

        if (file.Entries.Count != moments.Count)
        {
            throw new CheckpointException($"{path}: holds {file.Entries.Count} tensors, this model's optimizer has {moments.Count}; use the checkpoint's own recipe");
        }

        foreach (var (name, tensor) in moments)
        {
            Fill(file, name, tensor);
        }

        return step;
    }

    private static void Fill(SafetensorsFile file, string name, Tensor tensor)
    {
        var entry = file.Find(name) ?? throw new CheckpointException($"{file.Path}: {name} is missing; use the checkpoint's own recipe");
        if (!entry.Shape.SequenceEqual(tensor.shape.ToArray()))
        {
            throw new CheckpointException(
                $"{file.Path}: {name} is [{string.Join(", ", entry.Shape)}], this model needs [{string.Join(", ", tensor.shape.ToArray())}]; use the checkpoint's own recipe");
        }

        var values = new float[entry.ElementCount];
        file.ReadFloat32(entry, 0, values);
        tensor.CopyFrom<float>(values);
    }
}
