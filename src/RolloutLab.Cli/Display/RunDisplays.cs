namespace RolloutLab.Cli;

/// <summary>Chooses how a run is shown.</summary>
internal static class RunDisplays
{
    /// <summary>The display that fits: JSON when asked for, live on a screen, plain lines anywhere else.</summary>
    public static IRunDisplay Create(Terminal terminal, bool json, TimeProvider clock)
    {
        if (json)
        {
            return new JsonDisplay(terminal.Out, terminal.Error);
        }

        return new GuardedDisplay(terminal.IsLive
            ? new TerminalDisplay(terminal.Out, terminal.Width, clock)
            : new PlainDisplay(terminal.Out, clock));
    }
}
