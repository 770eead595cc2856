using System.Globalization;
using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Bytes of a file and their CRC-32C.</summary>
/// <param name="Name">The file, inside the run's folder.</param>
/// <param name="From">Where they begin.</param>
/// <param name="To">Where they end.</param>
/// <param name="Crc">Their checksum, 8 hexadecimal digits.</param>
internal readonly record struct ChecksumPart(string Name, long From, long To, string Crc);

/// <summary>A row of <c>checksums.jsonl</c>: <c>{"step":50,"files":{"metrics.jsonl":[from,to,"crc"],…}}</c>, the last of a run that ended with <c>"ended":true</c>.</summary>
/// <param name="Step">The step that the run stood at.</param>
/// <param name="Parts">What its files had got since the row before.</param>
/// <param name="Ended">Whether the run ended there, so that its files end there too.</param>
/// <param name="End">Where the row ends in the file.</param>
internal sealed record ChecksumRow(long Step, IReadOnlyList<ChecksumPart> Parts, bool Ended, long End)
{
    /// <summary>Writes a row's members.</summary>
    public static void Write(Utf8JsonWriter row, long step, IReadOnlyList<ChecksumPart> parts, bool ended)
    {
        row.WriteNumber("step", step);
        row.WriteStartObject("files");
        foreach (var part in parts)
        {
            row.WriteStartArray(part.Name);
            row.WriteNumberValue(part.From);
            row.WriteNumberValue(part.To);
            row.WriteStringValue(part.Crc);
            row.WriteEndArray();
        }

        row.WriteEndObject();
        if (ended)
        {
            row.WriteBoolean("ended", true);
        }
    }

    /// <summary>The rows of a file, without a last one that was not written whole; none where there is no file.</summary>
    /// <exception cref="RunException">A row is damaged.</exception>
    public static IEnumerable<ChecksumRow> Read(string path)
    {
        if (!File.Exists(path))
        {
            yield break;
        }

        using var stream = FileFault.Guard("read", path, () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var row = new List<byte>();
        var (at, number) = (0L, 0L);
        for (int next; (next = stream.ReadByte()) >= 0;)
        {
            at++;
            if (next != '\n')
            {
                row.Add((byte)next);
                continue;
            }

            yield return Parse(path, ++number, row.ToArray(), at);
            row.Clear();
        }
    }

    /// <summary>Checks what the rows up to a step say of a run's files.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="through">The step.</param>
    /// <param name="names">Names inside the folder, <c>rollouts</c> for all stored rollouts; none for everything.</param>
    /// <param name="progress">Told the megabytes (2^20) checked; may be null.</param>
    /// <param name="stop">Ends it with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Whether there is a row of that very step.</returns>
    /// <exception cref="RunException">A file is not what was written.</exception>
    public static bool Check(string folder, long through, string[] names, IProgress<WorkDone>? progress, CancellationToken stop)
    {
        var path = Path.Combine(folder, RunChecksums.FileName);
        var ends = new Dictionary<string, long>();
        var (before, found, ended) = (0L, false, false);
        var total = progress is null ? 0 : Read(path).TakeWhile(r => r.Step <= through).Sum(r => Wanted(r).Sum(p => p.To - p.From));
        var done = 0L;
        foreach (var row in Read(path).TakeWhile(r => r.Step <= through))
        {
            (found, ended) = (row.Step == through, row.Ended);
            foreach (var part in Wanted(row))
            {
                stop.ThrowIfCancellationRequested();
                Check(path, folder, part, before + 1, row);
                ends[part.Name] = part.To;
                done += part.To - part.From;
                progress?.Report(new WorkDone(done >> 20, total >> 20));
            }

            before = row.Step;
        }

        foreach (var (name, end) in ended ? ends : [])
        {
            var file = Path.Combine(folder, name);
            if (new FileInfo(file).Length is var length && length != end)
            {
                throw Damaged(path, file, string.Create(CultureInfo.InvariantCulture, $"has {length} bytes instead of {end}"));
            }
        }

        return found;

        IEnumerable<ChecksumPart> Wanted(ChecksumRow row) =>
            row.Parts.Where(p => names.Length == 0 || names.Contains(p.Name) || names.Contains(p.Name.Split('/')[0]));
    }

    private static void Check(string path, string folder, ChecksumPart part, long first, ChecksumRow row)
    {
        var file = Path.Combine(folder, part.Name);
        if (!File.Exists(file))
        {
            throw Damaged(path, file, string.Create(CultureInfo.InvariantCulture, $"is missing, and was there at step {row.Step}"));
        }

        var (end, crc) = FileFault.Guard("read", file, () => FileChecksum.Of(file, part.From, part.To));
        if (end != part.To)
        {
            throw Damaged(path, file, string.Create(CultureInfo.InvariantCulture, $"has {end} bytes instead of {part.To}, which it had at step {row.Step}"));
        }

        if (crc != part.Crc)
        {
            var steps = RolloutStore.StepOf(file) is { } own ? string.Create(CultureInfo.InvariantCulture, $" (step {own})")
                : row.Step == 0 ? " (of the run's start)"
                : row.Step < first ? " (of the run's end)"
                : string.Create(CultureInfo.InvariantCulture, $" (of what it got in steps {first} to {row.Step})");
            throw Damaged(path, file, "does not match its checksum" + steps);
        }
    }

    private static RunException Damaged(string path, string file, string problem) =>
        new($"{file} {problem}: it was damaged or edited after the run wrote it; put a whole copy back, or delete {path} to use it as it is");

    private static ChecksumRow Parse(string path, long number, byte[] row, long end)
    {
        try
        {
            using var document = JsonDocument.Parse(row);
            var root = document.RootElement;
            var parts = root.GetProperty("files").EnumerateObject()
                .Select(f => new ChecksumPart(f.Name, f.Value[0].GetInt64(), f.Value[1].GetInt64(), f.Value[2].GetString() ?? "")).ToList();
            return new ChecksumRow(root.GetProperty("step").GetInt64(), parts, root.TryGetProperty("ended", out var ended) && ended.GetBoolean(), end);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException or IndexOutOfRangeException or KeyNotFoundException)
        {
            throw new RunException($"{path}:{number} is damaged; delete the file to use the run without its checksums", fault);
        }
    }
}
