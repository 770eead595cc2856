namespace RolloutLab.Cli;

/// <summary>What the command line works with.</summary>
/// <param name="Terminal">Where commands write.</param>
/// <param name="Runs">Makes the commands that compute; called only when one of them is asked for.</param>
/// <param name="Variable">Gives environment variables.</param>
/// <param name="Clock">Paces displays and times what they show.</param>
internal sealed record CommandLineServices(Terminal Terminal, Func<IRunCommands> Runs, Func<string, string?> Variable, TimeProvider Clock);
