using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>
/// A run's checkpoints: <c>step-000120/</c> is a model folder (<c>config.json</c>, <c>model.safetensors</c>,
/// <c>tokenizer.json</c>), or an adapter's where one is trained, with <c>optimizer.safetensors</c>, <c>state.json</c>, the states of the loop's parts and a
/// manifest of checksums beside. A checkpoint is written under another name, flushed to the disk and renamed when
/// complete, and renamed again before it is deleted, so a folder of that name is always whole.
/// </summary>
/// <param name="folder">The run's checkpoint folder; exists.</param>
/// <param name="section">Which checkpoints are kept; older ones are deleted.</param>
/// <param name="saveModel">Writes model and tokenizer into a folder.</param>
/// <param name="optimizer">The optimizer; borrowed.</param>
/// <param name="parts">The parts of the loop that remember something; borrowed.</param>
public sealed class CheckpointStore(
    string folder, CheckpointSection section, Action<string> saveModel, AdamW optimizer, IReadOnlyList<IStateful> parts) : ICheckpointWriter
{
    /// <inheritdoc/>
    public string? Newest => SavedCheckpoint.FoldersOf(folder).LastOrDefault();

    /// <inheritdoc/>
    public void Write(LoopState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var target = SavedCheckpoint.FolderOf(folder, state.Step);
        var beside = target + SavedCheckpoint.Unfinished;
        try
        {
            DeleteAll(beside);
            Directory.CreateDirectory(beside);
            WriteFiles(beside, state);
            Remove(target);
            Directory.Move(beside, target);
            DirectoryFlush.Flush(folder);
            RemoveBefore(state);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CheckpointException or DataException)
        {
            var cause = exception is RolloutLabException { InnerException: { } inner } ? inner : exception;
            throw new RunException(
                $"checkpoint {target} cannot be written: {cause.Message}; free space or give --run-dir another folder"
                + (Newest is { } last ? $"; the last good checkpoint is {last}" : ""),
                exception);
        }
    }

    /// <summary>Ends what a killed process had begun, before a run goes on: halves of checkpoints go, and those beyond the number to keep.</summary>
    /// <param name="state">Of the checkpoint that the run goes on from; later ones, which are damaged, stay until they are written again.</param>
    /// <exception cref="RunException">Something cannot be deleted.</exception>
    public void Tidy(LoopState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        try
        {
            foreach (var ending in (string[])[SavedCheckpoint.Unfinished, SavedCheckpoint.Deleted])
            {
                Array.ForEach(Directory.GetDirectories(folder, "*" + ending), DeleteAll);
            }

            RemoveBefore(state);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new RunException($"{folder}: what an interrupted run left there cannot be deleted: {exception.Message}; make the folder writable", exception);
        }
    }

    private void WriteFiles(string beside, LoopState state)
    {
        saveModel(beside);
        optimizer.Save(Path.Combine(beside, SavedCheckpoint.OptimizerFile));
        foreach (var part in parts)
        {
            AtomicFile.Write(Path.Combine(beside, part.StateName), part.SaveState);
        }

        AtomicFile.Write(
            Path.Combine(beside, SavedCheckpoint.StateFile),
            stream => JsonSerializer.Serialize(stream, state, CheckpointJson.Default.LoopState));
        CheckpointManifest.Write(beside);
        DirectoryFlush.Flush(beside);
    }

    /// <summary>
    /// Keeps the newest ones on schedule and the best. One off schedule, written when the run was asked to stop, has
    /// served its purpose with the next: a resumed run ends with the checkpoints of one that never stopped.
    /// </summary>
    private void RemoveBefore(LoopState state)
    {
        var best = section.KeepBest && state.Best is { } evaluation ? SavedCheckpoint.FolderOf(folder, evaluation.Step) : null;
        var earlier = SavedCheckpoint.FoldersOf(folder).Where(f => SavedCheckpoint.StepOf(f) < state.Step && f != best).ToList();
        var scheduled = earlier.Where(f => section.Every > 0 && SavedCheckpoint.StepOf(f) % section.Every == 0).TakeLast(section.KeepLast - 1);
        foreach (var old in earlier.Except(scheduled))
        {
            Remove(old);
        }
    }

    /// <summary>A process that is killed in the middle leaves no folder of a checkpoint's name that lacks files.</summary>
    private static void Remove(string checkpoint)
    {
        if (Directory.Exists(checkpoint))
        {
            var doomed = checkpoint + SavedCheckpoint.Deleted;
            DeleteAll(doomed);
            Directory.Move(checkpoint, doomed);
            DeleteAll(doomed);
        }
    }

    private static void DeleteAll(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
