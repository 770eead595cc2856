using System.Runtime.InteropServices;

namespace RolloutLab.Cli;

/// <summary>Turns Ctrl-C (SIGINT), SIGTERM and a closed terminal (SIGHUP) into requests to stop, until disposed.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Starts to listen.</summary>
    public StopSignals(StopRequest request) =>
        _registrations =
        [
            .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal =>
                PosixSignalRegistration.Create(signal, context =>
                {
                    context.Cancel = true;
                    request.Request();
                })),
        ];

    /// <summary>Gives the signals back to the system's handling.</summary>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }
}
