using System.Text;

namespace RolloutLab.UnitTests.Runs;

/// <summary>Reads TensorBoard event files by the published formats, bit by bit, with nothing of the code it checks.</summary>
internal static class EventFileReader
{
    public sealed record Event(double WallTime, long Step, string? Version, IReadOnlyList<(string Tag, float Value)> Scalars);

    public static List<Event> Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var events = new List<Event>();
        for (var at = 0; at < bytes.Length;)
        {
            var length = (int)BitConverter.ToInt64(bytes, at);
            Assert.Equal(MaskedCrc(bytes[at..(at + 8)]), BitConverter.ToUInt32(bytes, at + 8));
            var data = bytes[(at + 12)..(at + 12 + length)];
            Assert.Equal(MaskedCrc(data), BitConverter.ToUInt32(bytes, at + 12 + length));
            events.Add(EventOf(data));
            at += 16 + length;
        }

        return events;
    }

    /// <summary>CRC-32C by its definition: polynomial 0x1EDC6F41, reflected, one bit at a time.</summary>
    public static uint Crc(byte[] data)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var b in data)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1;
            }
        }

        return ~crc;
    }

    private static uint MaskedCrc(byte[] data)
    {
        var crc = Crc(data);
        return unchecked(((crc >> 15) | (crc << 17)) + 0xa282ead8u);
    }

    private static Event EventOf(byte[] data)
    {
        var result = new Event(0, 0, null, []);
        foreach (var (field, value) in Fields(data))
        {
            result = field switch
            {
                1 => result with { WallTime = BitConverter.ToDouble((byte[])value) },
                2 => result with { Step = (long)(ulong)value },
                3 => result with { Version = Encoding.UTF8.GetString((byte[])value) },
                5 => result with { Scalars = [.. Fields((byte[])value).Select(v => Scalar((byte[])v.Value))] },
                _ => throw new InvalidDataException($"field {field}"),
            };
        }

        return result;
    }

    private static (string, float) Scalar(byte[] data)
    {
        var fields = Fields(data).ToDictionary(f => f.Field, f => (byte[])f.Value);
        return (Encoding.UTF8.GetString(fields[1]), BitConverter.ToSingle(fields[2]));
    }

    private static IEnumerable<(int Field, object Value)> Fields(byte[] data)
    {
        for (var at = 0; at < data.Length;)
        {
            var key = Varint();
            object value = (key & 7) switch
            {
                0 => Varint(),
                1 => Take(8),
                2 => Take((int)Varint()),
                5 => Take(4),
                _ => throw new InvalidDataException($"wire type {key & 7}"),
            };
            yield return ((int)(key >> 3), value);

            byte[] Take(int count) => data[at..(at += count)];

            ulong Varint()
            {
                var (result, shift) = (0UL, 0);
                while (true)
                {
                    var next = data[at++];
                    result |= (ulong)(next & 127) << shift;
                    shift += 7;
                    if (next < 128)
                    {
                        return result;
                    }
                }
            }
        }
    }
}
