using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace RolloutLab.Models;

/// <summary>
/// Tells the weights of two model folders apart without reading them whole: SHA-256 of each tensor's name, type, shape and
/// first and last bytes. Training moves every matrix, and so these.
/// </summary>
public static class WeightFingerprint
{
    private const int EdgeBytes = 256;

    /// <summary>The fingerprint of a folder's weights, lower-case hexadecimal; the same for one file and for shards.</summary>
    /// <param name="folder">A model folder.</param>
    /// <exception cref="Core.CheckpointException">Its weight files cannot be read.</exception>
    public static string Of(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        using var shards = WeightShards.Open(folder);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[sizeof(long)];
        foreach (var (file, entry) in shards.Tensors.OrderBy(tensor => tensor.Entry.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{entry.Name}\n{entry.Type}\n"));
            foreach (var size in entry.Shape)
            {
                BinaryPrimitives.WriteInt64LittleEndian(number, size);
                hash.AppendData(number);
            }

            var bytes = new byte[Math.Min(EdgeBytes, entry.End - entry.Begin)];
            file.ReadBytes(entry, 0, bytes);
            hash.AppendData(bytes);
            file.ReadBytes(entry, entry.End - entry.Begin - bytes.Length, bytes);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
