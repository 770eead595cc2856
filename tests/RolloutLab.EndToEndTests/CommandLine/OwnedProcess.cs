using System.Diagnostics;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary>A process that does not outlive its test: disposing it while it runs, as a failed assertion does, kills it with all it started.</summary>
internal sealed class OwnedProcess : Process
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private OwnedProcess(ProcessStartInfo start) => StartInfo = start;

    /// <summary>Starts a process; the caller disposes it.</summary>
    public static new OwnedProcess Start(ProcessStartInfo start)
    {
        var process = new OwnedProcess(start);
        ((Process)process).Start();
        return process;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && IsRunning)
        {
            Kill(entireProcessTree: true);
            WaitForExit(Patience);
        }

        base.Dispose(disposing);
    }

    private bool IsRunning
    {
        get
        {
            try
            {
                return !HasExited;
            }
            catch (InvalidOperationException)
            {
                // It never started, or was disposed before.
                return false;
            }
        }
    }
}
