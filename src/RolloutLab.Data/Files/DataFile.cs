using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>Writes dataset and tokenizer files, each whole or not at all.</summary>
internal static class DataFile
{
    /// <summary>Writes UTF-8 lines, each ended by a line feed; makes the folder when it is not there.</summary>
    /// <exception cref="DataException">The file cannot be written; whatever was there before is unchanged.</exception>
    public static void WriteLines(string path, IEnumerable<string> lines) =>
        Write(path, () => AtomicFile.WriteText(path, string.Concat(lines.Select(line => line + "\n"))));

    /// <summary>Writes bytes; makes the folder when it is not there.</summary>
    /// <exception cref="DataException">The file cannot be written; whatever was there before is unchanged.</exception>
    public static void WriteBytes(string path, byte[] content) => Write(path, () => AtomicFile.Write(path, stream => stream.Write(content)));

    private static void Write(string path, Action write)
    {
        try
        {
            if (Path.GetDirectoryName(path) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder);
            }

            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be written ({error.Message}); free some space or choose another folder", error);
        }
    }
}
