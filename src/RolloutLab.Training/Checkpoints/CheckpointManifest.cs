using System.Text.Json;
using System.Text.Json.Serialization;
using RolloutLab.Core;

namespace RolloutLab.Training;

/// <summary>A file of a checkpoint.</summary>
/// <param name="Name">Its name inside the checkpoint's folder.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Crc32c">CRC-32C of its content, 8 hexadecimal digits; null in manifests of earlier versions.</param>
internal sealed record ManifestFile(string Name, long Bytes, string? Crc32c);

/// <summary>
/// <c>manifest.json</c>: every other file of a checkpoint with its length and checksum, written last. What it does not
/// confirm is damaged.
/// </summary>
internal sealed record CheckpointManifest(IReadOnlyList<ManifestFile> Files)
{
    private const string FileName = "manifest.json";

    /// <summary>Flushes a folder's present files to the disk and writes their manifest.</summary>
    public static void Write(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(folder, path))
            .Order(StringComparer.Ordinal)
            .Select(name => Describe(folder, name, flush: true))
            .ToList();
        AtomicFile.Write(
            Path.Combine(folder, FileName),
            stream => JsonSerializer.Serialize(stream, new CheckpointManifest(files), CheckpointJson.Default.CheckpointManifest));
    }

    /// <summary>Whether a folder has one.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <summary>What is wrong with a checkpoint, in a few words that name the file; null when all its files are whole.</summary>
    public static string? FindDamage(string folder)
    {
        try
        {
            var bytes = File.ReadAllBytes(Path.Combine(folder, FileName));
            var manifest = JsonSerializer.Deserialize(bytes, CheckpointJson.Default.CheckpointManifest);
            return manifest?.Files is { } files ? files.Select(f => Damage(folder, f)).FirstOrDefault(d => d is not null) : $"{FileName} is empty";
        }
        catch (JsonException)
        {
            return $"{FileName} is damaged";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return $"{FileName} cannot be read";
        }
    }

    private static string? Damage(string folder, ManifestFile expected)
    {
        if (expected.Name is null || expected.Crc32c is null)
        {
            return $"{FileName} is damaged, or of an earlier version";
        }

        if (!File.Exists(Path.Combine(folder, expected.Name)))
        {
            return $"{expected.Name} is missing";
        }

        var found = Describe(folder, expected.Name, flush: false);
        return found.Bytes != expected.Bytes ? $"{expected.Name} has {found.Bytes} bytes instead of {expected.Bytes}"
            : found.Crc32c != expected.Crc32c ? $"{expected.Name} does not match its checksum"
            : null;
    }

    private static ManifestFile Describe(string folder, string name, bool flush)
    {
        var (bytes, crc) = FileChecksum.Of(Path.Combine(folder, name), flush: flush);
        return new ManifestFile(name, bytes, crc);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(LoopState))]
[JsonSerializable(typeof(CheckpointManifest))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
