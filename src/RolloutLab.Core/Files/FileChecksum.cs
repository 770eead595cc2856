using System.Globalization;

namespace RolloutLab.Core;

/// <summary>The CRC-32C of a file or of a part of it: what manifests and run folders keep beside their files.</summary>
public static class FileChecksum
{
    /// <summary>Reads the part and gives its checksum.</summary>
    /// <param name="path">The file.</param>
    /// <param name="from">Where the part begins.</param>
    /// <param name="to">Where it ends; -1 for the file's end.</param>
    /// <param name="flush">Whether what was written to the file is flushed to the disk first.</param>
    /// <returns>Where the part that was read ended, which is before <paramref name="to"/> in a shorter file, and its checksum as 8 hexadecimal digits.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public static (long End, string Crc) Of(string path, long from = 0, long to = -1, bool flush = false)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        if (flush)
        {
            RandomAccess.FlushToDisk(stream.SafeFileHandle);
        }

        var end = to < 0 ? stream.Length : Math.Min(to, stream.Length);
        var (at, crc) = (Math.Min(from, end), Crc32C.Start);
        stream.Position = at;
        var buffer = new byte[(int)Math.Clamp(end - at, 1, 1 << 20)];
        for (int read; at < end && (read = stream.ReadAtLeast(buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - at)), 1, throwOnEndOfStream: false)) > 0; at += read)
        {
            crc = Crc32C.Of(buffer.AsSpan(0, read), crc);
        }

        return (at, crc.ToString("x8", CultureInfo.InvariantCulture));
    }
}
