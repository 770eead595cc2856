using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>Shows a run to a person or a machine. Disposing it leaves the screen as a next command expects it.</summary>
internal interface IRunDisplay : IRunObserver, IDisposable;
