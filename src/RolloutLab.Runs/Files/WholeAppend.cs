namespace RolloutLab.Runs;

/// <summary>Adds to a file all or nothing, as far as the file system lets it.</summary>
internal static class WholeAppend
{
    /// <summary>Writes at the end with one write; what cannot be written whole is taken back.</summary>
    /// <param name="stream">An unbuffered stream at the file's end.</param>
    /// <param name="path">Its file, for the message.</param>
    /// <param name="bytes">What to add.</param>
    /// <exception cref="Core.RunException">The file system refused; the file is as it was.</exception>
    public static void Write(FileStream stream, string path, ReadOnlySpan<byte> bytes)
    {
        var start = stream.Position;
        try
        {
            stream.Write(bytes);
        }
        catch (Exception fault) when (FileFault.IsFileFault(fault))
        {
            TakeBack(stream, start);
            throw FileFault.Translate("write", path, fault);
        }
    }

    private static void TakeBack(FileStream stream, long length)
    {
        try
        {
            stream.SetLength(length);
        }
        catch (Exception fault) when (fault is ArgumentException || FileFault.IsFileFault(fault))
        {
            // Not a regular file: there is nothing to take back.
        }
    }
}
