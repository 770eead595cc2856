using System.Runtime.InteropServices;
using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>Writes float32 values in a type of a safetensors file.</summary>
internal static class FloatWriter
{
    /// <summary>Writes values, rounded to the nearest where the type is narrower, ties to even.</summary>
    /// <param name="stream">Receives the bytes.</param>
    /// <param name="values">The values; overwritten.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="name">The tensor, for messages.</param>
    /// <exception cref="CheckpointException">A finite value exceeds the range of F16.</exception>
    public static void Write(Stream stream, Span<float> values, SafetensorsType type, string name)
    {
        if (type == SafetensorsType.F32)
        {
            stream.Write(MemoryMarshal.AsBytes(values));
            return;
        }

        // Narrowed in place, front to back: element i is read at byte 4i and written at byte 2i, which is never ahead.
        var narrow = MemoryMarshal.Cast<float, ushort>(values)[..values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            narrow[i] = type == SafetensorsType.BF16 ? Bfloat16(values[i]) : Float16(values[i], name);
        }

        stream.Write(MemoryMarshal.AsBytes(narrow));
    }

    private static ushort Bfloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        // A NaN stays one, whatever its payload.
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static ushort Float16(float value, string name)
    {
        var half = (Half)value;
        return Half.IsInfinity(half) && float.IsFinite(value)
            ? throw new CheckpointException($"{name}: {value} exceeds the range of float16; write bfloat16 or float32")
            : BitConverter.HalfToUInt16Bits(half);
    }
}
