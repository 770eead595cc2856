namespace RolloutLab.Runs;

/// <summary>Lines of a log that may be growing: only those that end in a line feed, as bytes without it.</summary>
internal static class WholeLines
{
    /// <summary>Reads them one by one; memory is that of the longest line.</summary>
    /// <exception cref="Core.RunException">The file cannot be read.</exception>
    public static IEnumerable<byte[]> Read(string path)
    {
        using var stream = FileFault.Guard("read", path, () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0));
        var buffer = new byte[1 << 18];
        var begun = new MemoryStream();
        for (int read; (read = FileFault.Guard("read", path, () => stream.Read(buffer))) > 0;)
        {
            var start = 0;
            for (int end; (end = buffer.AsSpan(start, read - start).IndexOf((byte)'\n')) >= 0; start += end + 1)
            {
                begun.Write(buffer, start, end);
                yield return begun.ToArray();
                begun.SetLength(0);
            }

            begun.Write(buffer, start, read - start);
        }
    }
}
