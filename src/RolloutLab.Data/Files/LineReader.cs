using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>Reads a file's lines as bytes, in bounded memory whatever the file holds.</summary>
internal sealed class LineReader : IDisposable
{
    private readonly string _path;
    private readonly FileStream _stream;
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _ended;
    private long _consumed;

    public LineReader(string path)
    {
        _path = path;
        try
        {
            _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException($"{path}: no such file; check the path in the recipe", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(error);
        }
    }

    /// <summary>Number of the line last returned, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Where the line last returned begins in the file, in bytes; before a byte order mark.</summary>
    public long Offset { get; private set; }

    /// <summary>Bytes of the file.</summary>
    public long Length => _stream.Length;

    /// <summary>The next line without its line feed, valid until the next call; false at the end.</summary>
    public bool TryNext(out ReadOnlyMemory<byte> line)
    {
        var searched = 0;
        while (true)
        {
            var feed = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                line = TakeLine(searched + feed, terminator: 1);
                return true;
            }

            searched = _end - _start;
            if (searched > JsonlReader.MaxLineBytes)
            {
                throw TooLong();
            }

            if (_ended)
            {
                line = searched == 0 ? default : TakeLine(searched, terminator: 0);
                return searched > 0;
            }

            Fill();
        }
    }

    public void Dispose() => _stream.Dispose();

    private ReadOnlyMemory<byte> TakeLine(int length, int terminator)
    {
        if (length > JsonlReader.MaxLineBytes)
        {
            throw TooLong();
        }

        var line = _buffer.AsMemory(_start, length);
        _start += length + terminator;
        Offset = _consumed;
        _consumed += length + terminator;
        Number++;
        return Number == 1 && line.Span.StartsWith("\uFEFF"u8) ? line[3..] : line;
    }

    private void Fill()
    {
        var held = _end - _start;
        var target = held > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, held).CopyTo(target);
        (_buffer, _start, _end) = (target, 0, held);
        try
        {
            var read = _stream.Read(_buffer, held, _buffer.Length - held);
            _end += read;
            _ended = read == 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(error);
        }
    }

    private DataException TooLong() =>
        new($"{_path}:{Number + 1}: the line is longer than {JsonlReader.MaxLineBytes} bytes; is this a JSON-lines file?");

    private DataException Unreadable(Exception error) => new($"{_path}: cannot be read ({error.Message})", error);
}
