using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>
/// A safetensors file open for reading: a length, a JSON header and raw little-endian data. Opening checks the whole
/// header, so reading a tensor afterwards can only fail when the disk does. Data is read at offsets rather than mapped:
/// a file cut short by another process is then an error, not a fatal signal.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    /// <summary>Longest header accepted, in bytes; the format's own limit.</summary>
    public const int MaxHeaderBytes = 100_000_000;

    private const int LengthBytes = sizeof(long);

    private readonly SafeFileHandle _handle;
    private readonly long _dataStart;
    private readonly Dictionary<string, SafetensorsEntry> _byName;

    private SafetensorsFile(
        string path, SafeFileHandle handle, long dataStart, SafetensorsEntry[] entries, IReadOnlyDictionary<string, string> metadata)
    {
        (Path, _handle, _dataStart, Entries, Metadata) = (path, handle, dataStart, entries, metadata);
        _byName = entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>Path it was opened by.</summary>
    public string Path { get; }

    /// <summary>The tensors in the order of their data.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>The file's <c>__metadata__</c>; empty when it has none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">The file is unreadable, damaged or hostile: file, tensor, reason.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path);
            var length = RandomAccess.GetLength(handle);
            var headerLength = ReadHeaderLength(handle, length, path);
            var header = new byte[headerLength];
            ReadFully(handle, LengthBytes, header, path);
            var dataStart = LengthBytes + headerLength;
            var (entries, metadata) = SafetensorsHeader.Parse(header, length - dataStart, path);
            return new SafetensorsFile(path, handle, dataStart, entries, metadata);
        }
        catch (Exception error)
        {
            handle?.Dispose();
            if (error is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                throw new CheckpointException($"{path}: cannot be read ({Excerpt.Of(error.Message)})", error);
            }

            throw;
        }
    }

    /// <summary>The tensor of a name, or null.</summary>
    public SafetensorsEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Reads consecutive elements of a tensor of type F32, F16 or BF16 as float32; the narrow types convert exactly.</summary>
    /// <param name="entry">An entry of this file.</param>
    /// <param name="firstElement">Where to begin, from 0 in row-major order.</param>
    /// <param name="destination">Receives as many elements as it is long.</param>
    /// <exception cref="CheckpointException">The tensor has another type, or the file cannot be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has not that many elements.</exception>
    public void ReadFloat32(SafetensorsEntry entry, long firstElement, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentOutOfRangeException.ThrowIfNegative(firstElement);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstElement, entry.ElementCount - destination.Length);
        if (entry.Type is not (SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16))
        {
            throw new CheckpointException(
                $"{Path}: {Excerpt.Of(entry.Name)}: dtype {entry.Type} cannot be loaded as weights; supported: F32, F16, BF16");
        }

        var offset = _dataStart + entry.Begin + (firstElement * entry.Type.ByteSize());
        var bytes = MemoryMarshal.AsBytes(destination);
        if (entry.Type == SafetensorsType.F32)
        {
            ReadFully(_handle, offset, bytes, Path);
            return;
        }

        // The narrow values are read into the upper half of the destination and widened front to back: element i is
        // written at byte 4i and was read from byte 2n + 2i, which is never behind the writer.
        var narrow = bytes[(bytes.Length / 2)..];
        ReadFully(_handle, offset, narrow, Path);
        var values = MemoryMarshal.Cast<byte, ushort>(narrow);
        for (var i = 0; i < destination.Length; i++)
        {
            var bits = values[i];
            destination[i] = entry.Type == SafetensorsType.F16
                ? (float)BitConverter.UInt16BitsToHalf(bits)
                : BitConverter.UInt32BitsToSingle((uint)bits << 16);
        }
    }

    /// <summary>Reads all bytes of a tensor as they are in the file.</summary>
    /// <param name="entry">An entry of this file.</param>
    /// <param name="destination">Receives the bytes; its length must be the tensor's.</param>
    /// <exception cref="CheckpointException">The file cannot be read.</exception>
    public void ReadBytes(SafetensorsEntry entry, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentOutOfRangeException.ThrowIfNotEqual(destination.Length, entry.End - entry.Begin);
        ReadFully(_handle, _dataStart + entry.Begin, destination, Path);
    }

    /// <summary>Reads some bytes of a tensor as they are in the file.</summary>
    /// <param name="entry">An entry of this file.</param>
    /// <param name="offset">The first, from 0 in the tensor.</param>
    /// <param name="destination">Receives as many as it is long.</param>
    /// <exception cref="CheckpointException">The file cannot be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The tensor has not that many bytes.</exception>
    public void ReadBytes(SafetensorsEntry entry, long offset, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, entry.End - entry.Begin - destination.Length);
        ReadFully(_handle, _dataStart + entry.Begin + offset, destination, Path);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _handle.Dispose();

    private static int ReadHeaderLength(SafeFileHandle handle, long fileLength, string path)
    {
        if (fileLength < LengthBytes)
        {
            throw new CheckpointException($"{path}: {fileLength} bytes are too few for a safetensors file; it is damaged or empty");
        }

        Span<byte> prefix = stackalloc byte[LengthBytes];
        ReadFully(handle, 0, prefix, path);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        return length <= Math.Min(MaxHeaderBytes, (ulong)(fileLength - LengthBytes))
            ? (int)length
            : throw new CheckpointException(
                $"{path}: header length {length} exceeds the file or {MaxHeaderBytes}; it is damaged or not a safetensors file");
    }

    private static void ReadFully(SafeFileHandle handle, long offset, Span<byte> destination, string path)
    {
        try
        {
            while (!destination.IsEmpty)
            {
                var read = RandomAccess.Read(handle, destination, offset);
                if (read == 0)
                {
                    throw new CheckpointException($"{path}: ends at byte {offset} in the middle of a tensor; it was cut off");
                }

                destination = destination[read..];
                offset += read;
            }
        }
        catch (IOException error)
        {
            throw new CheckpointException($"{path}: cannot be read ({Excerpt.Of(error.Message)})", error);
        }
    }
}
