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

    // Tensors pass through a buffer of so many elements: the moments of a large vocabulary's embedding are half a gigabyte each.
    private const int StagingElements = 1 << 20;

    public static void Write(string path, IEnumerable<(string Name, Tensor Tensor)> moments, long step)
    {
        var staging = new float[StagingElements];
        var sources = moments.Select(m => new SafetensorsSource(m.Name, SafetensorsType.F32, m.Tensor.shape.ToArray(), stream => ForEachPart(m.Tensor, staging, (part, _, values) =>
        {
            part.CopyTo(values);
            stream.Write(MemoryMarshal.AsBytes(values));
        })));
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

        var staging = new float[StagingElements];
        foreach (var (name, tensor) in moments)
        {
            Fill(file, name, tensor, staging);
        }

        return step;
    }

    /// <summary>Visits a tensor's elements in order, some at a time: the part, where it begins, and as much of the buffer.</summary>
    private static void ForEachPart(Tensor tensor, float[] staging, Action<Tensor, long, Span<float>> action)
    {
        using var scope = new TensorScope();
        var flat = tensor.reshape([tensor.numel()]);
        for (long first = 0; first < tensor.numel(); first += staging.Length)
        {
            using var partScope = new TensorScope();
            var count = (int)Math.Min(staging.Length, tensor.numel() - first);
            action(flat.narrow(0, first, count), first, staging.AsSpan(0, count));
        }
    }

    private static void Fill(SafetensorsFile file, string name, Tensor tensor, float[] staging)
    {
        var entry = file.Find(name) ?? throw new CheckpointException($"{file.Path}: {name} is missing; use the checkpoint's own recipe");
        if (!entry.Shape.SequenceEqual(tensor.shape.ToArray()))
        {
            throw new CheckpointException(
                $"{file.Path}: {name} is [{string.Join(", ", entry.Shape)}], this model needs [{string.Join(", ", tensor.shape.ToArray())}]; use the checkpoint's own recipe");
        }

        ForEachPart(tensor, staging, (part, first, values) =>
        {
            file.ReadFloat32(entry, first, values);
            part.CopyFrom<float>(values);
        });
    }
}
