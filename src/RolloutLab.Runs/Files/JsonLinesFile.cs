using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// A file of JSON objects, one a line, that only grows. Each row reaches the operating system with one write before
/// <see cref="Append"/> returns; a row that cannot be written whole is taken back.
/// </summary>
internal sealed class JsonLinesFile : IDisposable
{
    // Rows are read by people too: '+', '<' and letters of any script stay as they are.
    private static readonly JsonWriterOptions RowOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _path;
    private readonly FileStream _stream;
    private readonly ArrayBufferWriter<byte> _row = new();
    private readonly Utf8JsonWriter _writer;

    /// <summary>Opens the file for appending, creating it when it is not there.</summary>
    /// <exception cref="RunException">It cannot be opened.</exception>
    public JsonLinesFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = path;
        _stream = FileFault.Guard("write", path, () => OpenAtEnd(path));
        _writer = new Utf8JsonWriter(_row, RowOptions);
    }

    /// <summary>Writes one row.</summary>
    /// <param name="writeMembers">Writes the object's members; the braces are written here.</param>
    /// <exception cref="RunException">The file system refused; the file ends with the row before.</exception>
    public void Append(Action<Utf8JsonWriter> writeMembers)
    {
        _row.ResetWrittenCount();
        _writer.Reset();
        _writer.WriteStartObject();
        writeMembers(_writer);
        _writer.WriteEndObject();
        _writer.Flush();
        _row.Write("\n"u8);
        WholeAppend.Write(_stream, _path, _row.WrittenSpan);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        _writer.Dispose();
        _stream.Dispose();
    }

    private static FileStream OpenAtEnd(string path)
    {
        // No buffer: a row left in a buffer would be lost with the process, and a failed flush would fail again on dispose.
        var stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        stream.Seek(0, SeekOrigin.End);
        return stream;
    }
}
