using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>Writes text files that are either whole or absent.</summary>
internal static class AtomicTextFile
{
    /// <summary>Writes UTF-8 lines, each ended by a line feed, through a temporary file beside the target.</summary>
    /// <exception cref="DataException">The file cannot be written; whatever was there before is unchanged.</exception>
    public static void WriteLines(string path, IEnumerable<string> lines)
    {
        var temporary = path + ".partial";
        try
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder);
            }

            WriteDurably(temporary, lines);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            RemoveQuietly(temporary);
            throw new DataException($"{path}: cannot be written ({error.Message}); free some space or choose another folder", error);
        }
    }

    private static void WriteDurably(string path, IEnumerable<string> lines)
    {
        using var stream = new FileStream(path, FileMode.Create, FileAccess.Write);
        using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        foreach (var line in lines)
        {
            writer.Write(line);
            writer.Write('\n');
        }

        writer.Flush();
        stream.Flush(flushToDisk: true);
    }

    // The first error is the one to report; a leftover partial file is harmless.
    private static void RemoveQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
        }
    }
}
