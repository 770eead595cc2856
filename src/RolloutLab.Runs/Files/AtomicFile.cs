using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// Whole-file writes that are seen completely or not at all: the content goes to a file beside the target, is flushed to
/// the disk, and then takes the target's name.
/// </summary>
public static class AtomicFile
{
    private const string PartialSuffix = ".partial";

    /// <summary>Replaces or creates a file with what <paramref name="write"/> puts into the stream.</summary>
    /// <param name="path">The target; its folder must exist. What stood there before stays until the new content is on disk.</param>
    /// <param name="write">Writes the content; the stream is closed by this method.</param>
    /// <exception cref="RunException">The file system refused; the target is as it was before.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        var partial = path + PartialSuffix;
        try
        {
            WriteThrough(partial, write);
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception fault)
        {
            DeleteQuietly(partial);
            if (FileFault.IsFileFault(fault))
            {
                throw FileFault.Translate("write", path, fault);
            }

            throw;
        }
    }

    /// <summary>Replaces or creates a file with UTF-8 text without a byte-order mark.</summary>
    /// <exception cref="RunException">The file system refused; the target is as it was before.</exception>
    public static void WriteText(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var bytes = Encoding.UTF8.GetBytes(text);
        Write(path, stream => stream.Write(bytes));
    }

    private static void WriteThrough(string path, Action<Stream> write)
    {
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
        write(stream);
        stream.Flush(flushToDisk: true);
    }

    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception fault) when (FileFault.IsFileFault(fault))
        {
            // The write's own fault is the one to report; a leftover beside the target harms nothing.
        }
    }
}
