using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Takes a log of steps (JSON objects a line, each with <c>step</c>, never falling) back to a step.</summary>
public static class StepLog
{
    /// <summary>
    /// Removes the rows after <paramref name="step"/> and a last row that was not written whole, so that the steps
    /// after it can be done again. A file that is not there stays away. Linear in the file.
    /// </summary>
    /// <param name="path">The log.</param>
    /// <param name="step">The last step to keep; -1 for none.</param>
    /// <exception cref="RunException">A row that should be kept is damaged, or the file system refused.</exception>
    public static void KeepThrough(string path, long step)
    {
        if (!File.Exists(path))
        {
            return;
        }

        FileFault.Guard("write", path, () =>
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            stream.SetLength(LengthThrough(stream, path, step));
            stream.Flush(flushToDisk: true);
        });
    }

    private static long LengthThrough(FileStream stream, string path, long step)
    {
        var (kept, number) = (0L, 0L);
        var row = new List<byte>();
        var buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            var rest = buffer.AsSpan(0, read);
            for (int end; (end = rest.IndexOf((byte)'\n')) >= 0; rest = rest[(end + 1)..])
            {
                row.AddRange(rest[..end]);
                number++;
                if (StepOf(row.ToArray(), path, number) > step)
                {
                    return kept;
                }

                kept += row.Count + 1;
                row.Clear();
            }

            row.AddRange(rest);
        }

        return kept;
    }

    private static long StepOf(ReadOnlySpan<byte> row, string path, long number)
    {
        try
        {
            var reader = new Utf8JsonReader(row);
            if (reader.Read() && reader.Read() && reader.ValueTextEquals("step"u8) && reader.Read() && reader.TryGetInt64(out var step))
            {
                return step;
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Told below, with the line.
        }

        throw new RunException($"{path}:{number}: not a row of this log; remove the line, or train anew");
    }
}
