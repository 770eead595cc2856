using System.Globalization;
using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// <c>checksums.json</c> in a run's folder: length and CRC-32C of its logs, recipe, summary and stored rollouts, written when
/// the run ends and removed when it goes on. With it a damaged file is told instead of read: a flipped bit in a number would
/// not show otherwise. (Checkpoints have a manifest of their own.) A run that was killed has none until it is resumed.
/// </summary>
public static class RunChecksums
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "checksums.json";

    private const string StoreFolder = "rollouts";
    private static readonly string[] Logs =
    [
        "recipe.yaml", "run.json", "summary.json", "metrics.jsonl", "sft-metrics.jsonl", "rollouts.jsonl", RunDirectory.TreesName, "budgets.jsonl",
        TensorBoardLog.WarmupName, TensorBoardLog.TrainingName,
    ];

    /// <summary>Writes the file for what is there now. Linear in the run's size, at the speed of reading it.</summary>
    /// <exception cref="RunException">The file system refused.</exception>
    public static void Write(string folder)
    {
        var target = Path.Combine(folder, FileName);
        FileFault.Guard("write", target, () => AtomicFile.Write(target, stream =>
        {
            using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
            json.WriteStartObject();
            foreach (var name in Names(folder))
            {
                var (bytes, crc) = Of(Path.Combine(folder, name));
                json.WriteStartArray(name);
                json.WriteNumberValue(bytes);
                json.WriteStringValue(crc);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }));
    }

    /// <summary>Removes the file, because what it describes will change.</summary>
    /// <exception cref="RunException">The file system refused.</exception>
    public static void Remove(string folder)
    {
        var path = Path.Combine(folder, FileName);
        FileFault.Guard("write", path, () => File.Delete(path));
    }

    /// <summary>Checks files against it; a folder without it passes.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="names">Names inside the folder, <c>rollouts</c> for all stored rollouts; none for everything.</param>
    /// <exception cref="RunException">A file is missing or not what was written; the message names it.</exception>
    public static void Verify(string folder, params ReadOnlySpan<string> names)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return;
        }

        foreach (var (name, bytes, crc) in Read(path))
        {
            if (names.IsEmpty || names.Contains(name) || (names.Contains(StoreFolder) && name.StartsWith(StoreFolder + "/", StringComparison.Ordinal)))
            {
                Check(path, Path.Combine(folder, name), bytes, crc);
            }
        }
    }

    private static void Check(string path, string file, long bytes, string crc)
    {
        var problem = !File.Exists(file) ? "is missing"
            : Of(file) is var found && found.Bytes != bytes ? string.Create(CultureInfo.InvariantCulture, $"has {found.Bytes} bytes instead of {bytes}")
            : found.Crc != crc ? "does not match its checksum"
            : null;
        if (problem is not null)
        {
            throw new RunException($"{file} {problem}: it was damaged or edited after the run wrote it; put a whole copy back, or delete {path} to use it as it is");
        }
    }

    private static List<(string Name, long Bytes, string Crc)> Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(FileFault.Guard("read", path, () => File.ReadAllBytes(path)));
            return [.. document.RootElement.EnumerateObject().Select(f => (f.Name, f.Value[0].GetInt64(), f.Value[1].GetString() ?? ""))];
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw new RunException($"{path} is damaged; delete it to use the run without its checksums", fault);
        }
    }

    private static IEnumerable<string> Names(string folder) => Logs.Where(name => File.Exists(Path.Combine(folder, name)))
        .Concat(RolloutStore.FilesOf(Path.Combine(folder, StoreFolder)).OrderBy(f => f.Step).Select(f => $"{StoreFolder}/{Path.GetFileName(f.Path)}"));

    private static (long Bytes, string Crc) Of(string path) => FileFault.Guard("read", path, () =>
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        var buffer = new byte[1 << 20];
        var (bytes, crc) = (0L, Crc32C.Start);
        for (int read; (read = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0; bytes += read)
        {
            crc = Crc32C.Of(buffer.AsSpan(0, read), crc);
        }

        return (bytes, crc.ToString("x8", CultureInfo.InvariantCulture));
    });
}
