using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using RolloutLab.Core;

namespace RolloutLab.Training;

/// <summary>A file of a checkpoint.</summary>
/// <param name="Name">Its name inside the checkpoint's folder.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">SHA-256 of its content, lower-case hexadecimal.</param>
internal sealed record ManifestFile(string Name, long Bytes, string Sha256);

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
        if (expected.Name is null || expected.Sha256 is null)
        {
            return $"{FileName} is damaged";
        }

        if (!File.Exists(Path.Combine(folder, expected.Name)))
        {
            return $"{expected.Name} is missing";
        }

        var found = Describe(folder, expected.Name, flush: false);
        return found.Bytes != expected.Bytes ? $"{expected.Name} has {found.Bytes} bytes instead of {expected.Bytes}"
            : found.Sha256 != expected.Sha256 ? $"{expected.Name} does not match its checksum"
            : null;
    }

    private static ManifestFile Describe(string folder, string name, bool flush)
    {
        using var stream = File.OpenRead(Path.Combine(folder, name));
        if (flush)
        {
            RandomAccess.FlushToDisk(stream.SafeFileHandle);
        }

        return new ManifestFile(name, stream.Length, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(LoopState))]
[JsonSerializable(typeof(CheckpointManifest))]
internal sealed partial class CheckpointJson : JsonSerializerContext;
