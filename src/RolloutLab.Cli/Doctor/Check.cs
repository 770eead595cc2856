namespace RolloutLab.Cli;

/// <summary>How well a part of the set-up is.</summary>
internal enum CheckStatus
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>It works, but less well than it could.</summary>
    Warning,

    /// <summary>Training is impossible.</summary>
    Problem,
}

/// <summary>What was found about one part of the set-up.</summary>
/// <param name="Name">The part, in a word or two.</param>
/// <param name="Status">How well it is.</param>
/// <param name="Found">What was found.</param>
/// <param name="Remedy">What to do about it; null when nothing need be done.</param>
internal sealed record Check(string Name, CheckStatus Status, string Found, string? Remedy = null)
{
    /// <summary>A check from an error's message, whose last clause is the remedy.</summary>
    public static Check OfMessage(string name, CheckStatus status, string message)
    {
        var end = message.LastIndexOf("; ", StringComparison.Ordinal);
        return end < 0 ? new Check(name, status, message) : new Check(name, status, message[..end], message[(end + 2)..]);
    }
}
