using System.Globalization;
using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Training;

/// <summary>A whole checkpoint to go on from.</summary>
public sealed class SavedCheckpoint
{
    internal const string Unfinished = ".unfinished";
    internal const string Deleted = ".deleted";
    internal const string OptimizerFile = "optimizer.safetensors";
    internal const string StateFile = "state.json";
    private const string Prefix = "step-";

    private SavedCheckpoint(string folder, LoopState state) => (Folder, State) = (folder, state);

    /// <summary>The checkpoint's folder, which is a model folder.</summary>
    public string Folder { get; }

    /// <summary>Where the loop stood.</summary>
    public LoopState State { get; }

    /// <summary>
    /// The newest checkpoint whose files are all as they were written. A damaged one is passed over with a line that says
    /// so.
    /// </summary>
    /// <param name="checkpoints">A run's checkpoint folder.</param>
    /// <param name="notice">Told of each damaged checkpoint.</param>
    /// <returns>Null when there is none at all.</returns>
    /// <exception cref="CheckpointException">There are some, and every one is damaged.</exception>
    public static SavedCheckpoint? FindNewest(string checkpoints, Action<string> notice)
    {
        ArgumentNullException.ThrowIfNull(notice);
        var folders = Directory.Exists(checkpoints) ? FoldersOf(checkpoints) : [];
        return Newest(folders, notice) ?? (folders.Count == 0
            ? null
            : throw new CheckpointException($"{checkpoints}: every checkpoint is damaged; train anew, or put an undamaged copy of one back"));
    }

    /// <summary>The newest whole checkpoint of a step before another; null where none is kept.</summary>
    /// <param name="checkpoints">A run's checkpoint folder.</param>
    /// <param name="step">The other step.</param>
    /// <param name="notice">Told of each damaged checkpoint.</param>
    public static SavedCheckpoint? FindBefore(string checkpoints, long step, Action<string> notice)
    {
        ArgumentNullException.ThrowIfNull(notice);
        return Newest(Directory.Exists(checkpoints) ? FoldersOf(checkpoints).Where(f => StepOf(f) < step).ToList() : [], notice);
    }

    private static SavedCheckpoint? Newest(List<string> folders, Action<string> notice)
    {
        for (var i = folders.Count - 1; i >= 0; i--)
        {
            LoopState? state = null;
            var damage = CheckpointManifest.FindDamage(folders[i]) ?? ReadState(folders[i], out state);
            if (damage is null)
            {
                return new SavedCheckpoint(folders[i], state!);
            }

            notice($"checkpoint {folders[i]} is damaged ({damage}); going back to the one before");
        }

        return null;
    }

    /// <summary>Checks a folder that is to be opened as a model against its manifest; one without a manifest is no checkpoint, and passes.</summary>
    /// <exception cref="CheckpointException">A file of it is damaged; the message names it.</exception>
    public static void Verify(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (CheckpointManifest.IsIn(folder) && CheckpointManifest.FindDamage(folder) is { } damage)
        {
            throw new CheckpointException($"{folder} is damaged: {damage}; use another checkpoint, or put a whole copy back (if the change is yours, delete its manifest.json)");
        }
    }

    /// <summary>Gives the optimizer and the parts what they remembered.</summary>
    /// <exception cref="CheckpointException">A state is missing or is not one of its part.</exception>
    public void Restore(AdamW optimizer, IReadOnlyList<IStateful> parts)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(parts);
        optimizer.Load(Path.Combine(Folder, OptimizerFile));
        foreach (var part in parts)
        {
            var path = Path.Combine(Folder, part.StateName);
            if (!File.Exists(path))
            {
                throw new CheckpointException($"{path} is missing; resume with the recipe that the checkpoint was written by");
            }

            using var stream = File.OpenRead(path);
            part.LoadState(stream);
        }
    }

    /// <summary>Complete checkpoints of a run, the oldest first.</summary>
    internal static List<string> FoldersOf(string checkpoints) => Directory.EnumerateDirectories(checkpoints, Prefix + "*")
        .Where(d => StepOf(d) is not null)
        .OrderBy(StepOf)
        .ToList();

    internal static string FolderOf(string checkpoints, long step) =>
        Path.Combine(checkpoints, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step:D6}"));

    internal static long? StepOf(string folder) =>
        long.TryParse(Path.GetFileName(folder).AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;

    private static string? ReadState(string folder, out LoopState? state)
    {
        try
        {
            using var stream = File.OpenRead(Path.Combine(folder, StateFile));
            state = JsonSerializer.Deserialize(stream, CheckpointJson.Default.LoopState);
            return state is null ? $"{StateFile} is empty" : null;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            state = null;
            return $"{StateFile} cannot be read";
        }
    }
}
