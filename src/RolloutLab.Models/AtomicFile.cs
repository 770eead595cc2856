using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>Files that appear complete or not at all.</summary>
internal static class AtomicFile
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Writes beside the file, flushes to the disk and renames over it.</summary>
    public static void Write(string path, Action<Stream> write)
    {
        var partial = path + ".partial";
        try
        {
            using (var stream = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None, BufferBytes))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
        }
        catch (Exception error)
        {
            DeleteQuietly(partial);
            if (error is IOException or UnauthorizedAccessException)
            {
                throw new CheckpointException(
                    $"{path}: cannot be written ({Excerpt.Of(error.Message)}); free disk space or choose another folder", error);
            }

            throw;
        }
    }

    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one worth reporting.
        }
    }
}
