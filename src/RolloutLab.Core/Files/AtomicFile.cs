using System.Text;

namespace RolloutLab.Core;

/// <summary>
/// Whole-file writes that are seen completely or not at all: the content goes to a file beside the target, is flushed to
/// the disk, and then takes the target's name.
/// </summary>
public static class AtomicFile
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Replaces or creates a file with what <paramref name="write"/> puts into the stream.</summary>
    /// <param name="path">The target; its folder must exist. What stood there before stays until the new content is on disk.</param>
    /// <param name="write">Writes the content; the stream is closed by this method.</param>
    /// <exception cref="IOException">The file system refused; the target is as it was before.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise, for want of permission.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
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
        catch
        {
            DeleteQuietly(partial);
            throw;
        }
    }

    /// <summary>Replaces or creates a file with UTF-8 text without a byte-order mark.</summary>
    /// <inheritdoc cref="Write"/>
    public static void WriteText(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var bytes = Encoding.UTF8.GetBytes(text);
        Write(path, stream => stream.Write(bytes));
    }

    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one worth reporting; a leftover beside the target harms nothing.
        }
    }
}
