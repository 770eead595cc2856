using System.CommandLine;

namespace RolloutLab.Cli;

/// <summary>A command of this program: what System.CommandLine knows of a command, and what else its help shows.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does.</param>
internal class DocumentedCommand(string name, string description) : Command(name, description)
{
    /// <summary>Example calls with what they do; the part after <c>rolloutlab</c>.</summary>
    public IReadOnlyList<(string Call, string Meaning)> Examples { get; init; } = [];

    /// <summary>Lines of help after the examples: a title and two columns.</summary>
    public IReadOnlyList<(string Title, IReadOnlyList<(string, string)> Rows)> Notes { get; init; } = [];
}
