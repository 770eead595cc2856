using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// One record of a TensorBoard event file: a <c>tensorflow.Event</c> in protocol buffers' wire format (<c>wall_time</c> 1,
/// <c>step</c> 2, <c>file_version</c> 3, <c>summary</c> 5 with <c>value</c> 1 of <c>tag</c> 1 and <c>simple_value</c> 2) inside a
/// TFRecord: length, masked CRC-32C of the length, data, masked CRC-32C of the data, little-endian.
/// </summary>
internal static class EventRecord
{
    /// <summary>Bytes before the data: the length and its checksum.</summary>
    public const int HeaderBytes = 12;

    /// <summary>Bytes after the data: its checksum.</summary>
    public const int FooterBytes = 4;

    private const int StepField = 2;
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int LengthDelimited = 2;
    private const int Fixed32 = 5;

    /// <summary>The record that begins a file.</summary>
    public static byte[] Version(double wallTime)
    {
        var message = new ArrayBufferWriter<byte>();
        WriteDouble(message, 1, wallTime);
        WriteBytes(message, 3, "brain.Event:2"u8);
        return Frame(message.WrittenSpan);
    }

    /// <summary>A record of metrics.</summary>
    public static byte[] Metrics(double wallTime, long step, IReadOnlyList<KeyValuePair<string, double>> metrics)
    {
        var (message, summary, value) = (new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>(), new ArrayBufferWriter<byte>());
        foreach (var (name, number) in metrics)
        {
            value.ResetWrittenCount();
            WriteBytes(value, 1, Encoding.UTF8.GetBytes(name));
            WriteKey(value, 2, Fixed32);
            BinaryPrimitives.WriteSingleLittleEndian(value.GetSpan(4), (float)number);
            value.Advance(4);
            WriteBytes(summary, 1, value.WrittenSpan);
        }

        WriteDouble(message, 1, wallTime);
        WriteKey(message, StepField, Varint);
        WriteVarint(message, (ulong)step);
        WriteBytes(message, 5, summary.WrittenSpan);
        return Frame(message.WrittenSpan);
    }

    /// <summary>The checksum as TFRecords store it: rotated and shifted, because checksums of checksums are weak.</summary>
    public static uint Masked(ReadOnlySpan<byte> data)
    {
        var crc = Crc32C.Of(data);
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
    }

    /// <summary>The step of an event; 0 when it names none (as the format has it), null when it is no event.</summary>
    public static long? StepOf(ReadOnlySpan<byte> message)
    {
        var step = 0L;
        while (!message.IsEmpty)
        {
            if (ReadVarint(ref message) is not { } key)
            {
                return null;
            }

            ulong? skipped = (key & 7) switch
            {
                Varint => 0,
                Fixed64 => 8,
                LengthDelimited => ReadVarint(ref message),
                Fixed32 => 4,
                _ => null,
            };
            if (skipped is not { } bytes || bytes > (ulong)message.Length || ((key & 7) == Varint && !TryVarint(ref message, key >> 3, ref step)))
            {
                return null;
            }

            message = message[(int)bytes..];
        }

        return step;
    }

    private static bool TryVarint(ref ReadOnlySpan<byte> message, ulong field, ref long step)
    {
        var value = ReadVarint(ref message);
        step = field == StepField && value is { } number ? (long)number : step;
        return value is not null;
    }

    private static ulong? ReadVarint(ref ReadOnlySpan<byte> message)
    {
        var value = 0UL;
        for (var i = 0; i < Math.Min(10, message.Length); i++)
        {
            value |= (ulong)(message[i] & 0x7f) << (7 * i);
            if (message[i] < 0x80)
            {
                message = message[(i + 1)..];
                return value;
            }
        }

        return null;
    }

    private static byte[] Frame(ReadOnlySpan<byte> data)
    {
        var record = new byte[HeaderBytes + data.Length + FooterBytes];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), Masked(record.AsSpan(0, 8)));
        data.CopyTo(record.AsSpan(HeaderBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(HeaderBytes + data.Length), Masked(data));
        return record;
    }

    private static void WriteDouble(ArrayBufferWriter<byte> to, int field, double value)
    {
        WriteKey(to, field, Fixed64);
        BinaryPrimitives.WriteDoubleLittleEndian(to.GetSpan(8), value);
        to.Advance(8);
    }

    private static void WriteBytes(ArrayBufferWriter<byte> to, int field, ReadOnlySpan<byte> value)
    {
        WriteKey(to, field, LengthDelimited);
        WriteVarint(to, (ulong)value.Length);
        to.Write(value);
    }

    private static void WriteKey(ArrayBufferWriter<byte> to, int field, int type) => WriteVarint(to, (ulong)((field << 3) | type));

    private static void WriteVarint(ArrayBufferWriter<byte> to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            to.Write([(byte)(value | 0x80)]);
        }

        to.Write([(byte)value]);
    }
}
