using System.Buffers.Binary;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// Metrics as a TensorBoard event file: a scalar for each metric at each step. Every record reaches the operating system
/// with one write; one that cannot be written whole is taken back. Values that are NaN or infinite are written as such.
/// </summary>
public sealed class TensorBoardLog : IMetricsLog, IDisposable
{
    // TensorBoard reads the files of a folder in the order of their names and never goes back.

    /// <summary>Name of the events of a supervised warm-up before training.</summary>
    public const string WarmupName = "events.out.tfevents.1.warmup";

    /// <summary>Name of the events of training, or of supervised fine-tuning alone.</summary>
    public const string TrainingName = "events.out.tfevents.2.training";

    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly FileStream _stream;
    private double _wallTime;

    /// <summary>Opens the file for appending, creating it when it is not there.</summary>
    /// <param name="path">The file; TensorBoard finds it when its name has <c>tfevents</c> in it.</param>
    /// <param name="clock">Gives the wall time of events, which is kept from going back when the clock does.</param>
    /// <exception cref="RunException">The file system refused.</exception>
    public TensorBoardLog(string path, TimeProvider clock)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(clock);
        (_path, _clock) = (path, clock);
        _stream = FileFault.Guard("write", path, () => new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0));
        _stream.Seek(0, SeekOrigin.End);
        if (_stream.Position == 0)
        {
            WholeAppend.Write(_stream, _path, EventRecord.Version(WallTime()));
        }
    }

    /// <inheritdoc/>
    public void Append(long step, IReadOnlyList<KeyValuePair<string, double>> metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        WholeAppend.Write(_stream, _path, EventRecord.Metrics(WallTime(), step, metrics));
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _stream.Dispose();

    /// <summary>
    /// Removes the events after <paramref name="step"/> and a last one that was not written whole, so that the steps after it
    /// can be done again. A file that is not there stays away. Linear in the file.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="step">The last step to keep; -1 for none.</param>
    /// <exception cref="RunException">An event that should be kept is damaged, or the file system refused.</exception>
    public static void KeepThrough(string path, long step)
    {
        if (!File.Exists(path))
        {
            return;
        }

        FileFault.Guard("write", path, () =>
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
            stream.SetLength(step < 0 ? 0 : LengthThrough(stream, path, step));
            stream.Flush(flushToDisk: true);
        });
    }

    private static long LengthThrough(FileStream stream, string path, long step)
    {
        var kept = 0L;
        var header = new byte[EventRecord.HeaderBytes];
        while (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) == header.Length)
        {
            var bytes = BinaryPrimitives.ReadInt64LittleEndian(header);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8)) != EventRecord.Masked(header.AsSpan(0, 8)) || bytes is < 0 or > int.MaxValue - EventRecord.FooterBytes)
            {
                throw Damaged(path, kept);
            }

            if (stream.Length - stream.Position < bytes + EventRecord.FooterBytes)
            {
                break;
            }

            var record = new byte[bytes + EventRecord.FooterBytes];
            stream.ReadExactly(record);
            var data = record.AsSpan(0, (int)bytes);
            var found = BinaryPrimitives.ReadUInt32LittleEndian(record.AsSpan((int)bytes)) == EventRecord.Masked(data) ? EventRecord.StepOf(data) : null;
            if (found is not { } at)
            {
                throw Damaged(path, kept);
            }

            if (at > step)
            {
                break;
            }

            kept = stream.Position;
        }

        return kept;
    }

    private static RunException Damaged(string path, long position) =>
        new($"{path}: the event at byte {position} is damaged; delete the file, and metrics.jsonl still has every step");

    private double WallTime()
    {
        _wallTime = Math.Max(_wallTime, (_clock.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds);
        return _wallTime;
    }
}
