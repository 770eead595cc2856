using RolloutLab.Data;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>Shows the reading of files in MiB. Small files show nothing.</summary>
/// <param name="shown">Where it is shown; owned. Null for nowhere.</param>
internal sealed class ReadingProgress(WorkProgress? shown) : IProgress<ReadProgress>, IDisposable
{
    /// <inheritdoc/>
    public void Report(ReadProgress value) => shown?.Report(new WorkDone(value.BytesDone >> 20, value.BytesTotal >> 20));

    /// <inheritdoc/>
    public void Dispose() => shown?.Dispose();
}
