using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>Writes the files of a model folder, each complete or not at all.</summary>
internal static class CheckpointFile
{
    /// <exception cref="CheckpointException">The file cannot be written; what was there is untouched.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        try
        {
            AtomicFile.Write(path, write);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                $"{path}: cannot be written ({Excerpt.Of(error.Message)}); free disk space or choose another folder", error);
        }
    }
}
