using System.Numerics;
using System.Runtime.InteropServices;

namespace RolloutLab.Core;

/// <summary>The Castagnoli checksum (CRC-32C, RFC 3720 B.4), by the processor's instruction where it has one.</summary>
public static class Crc32C
{
    /// <summary>The checksum of nothing, to go on from.</summary>
    public const uint Start = 0;

    /// <summary>The checksum of data, or of what came before it and the data.</summary>
    /// <param name="data">The data.</param>
    /// <param name="before">The checksum of what came before.</param>
    public static uint Of(ReadOnlySpan<byte> data, uint before = Start)
    {
        var crc = ~before;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(data))
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var last in data[(data.Length / sizeof(ulong) * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, last);
        }

        return ~crc;
    }
}
