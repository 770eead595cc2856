using System.Buffers;
using System.Text;
using Microsoft.Win32.SafeHandles;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// Rows as lines of a temporary file without a name: its space is free again when it is closed or the process ends, however
/// that happens.
/// </summary>
internal sealed class RowCopy : IDisposable
{
    private readonly FileStream _stream;
    private readonly string _folder = Path.GetTempPath();
    private bool _isBehind;

    /// <exception cref="DataException">The folder for temporary files cannot be written to.</exception>
    public RowCopy()
    {
        try
        {
            var path = Path.Combine(_folder, Path.GetRandomFileName());
            _stream = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1 << 16);
            File.Delete(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(error);
        }
    }

    /// <summary>Adds a line; gives where it begins.</summary>
    public long Append(string line)
    {
        _isBehind = true;
        var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(line.Length) + 1);
        try
        {
            var offset = _stream.Position;
            var length = Encoding.UTF8.GetBytes(line, bytes);
            bytes[length] = (byte)'\n';
            _stream.Write(bytes, 0, length + 1);
            return offset;
        }
        catch (IOException error)
        {
            throw Unwritable(error);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Reads a line. Once nothing is added any more, safe to call from several threads.</summary>
    public T Read<T>(long offset, Func<ReadOnlyMemory<byte>, T> read)
    {
        try
        {
            if (_isBehind)
            {
                _stream.Flush();
                _isBehind = false;
            }

            return WithLine(_stream.SafeFileHandle, offset, read);
        }
        catch (IOException error)
        {
            throw Unwritable(error);
        }
    }

    /// <summary>Reads the line that begins at a place of a file, without its end and a byte order mark before it.</summary>
    public static T WithLine<T>(SafeFileHandle file, long offset, Func<ReadOnlyMemory<byte>, T> read)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 13);
        try
        {
            var held = 0;
            while (true)
            {
                var count = RandomAccess.Read(file, buffer.AsSpan(held), offset + held);
                var feed = buffer.AsSpan(held, count).IndexOf((byte)'\n');
                held += feed < 0 ? count : feed;
                if (feed >= 0 || count == 0)
                {
                    var line = buffer.AsMemory(0, held);
                    return read(offset == 0 && line.Span.StartsWith("\uFEFF"u8) ? line[3..] : line);
                }

                if (held == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
                    buffer.AsSpan().CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private DataException Unwritable(Exception error) =>
        new($"{_folder}: rows of a Parquet file cannot be copied there ({error.Message}); set TMPDIR to a folder with room for them", error);
}
