using System.Text.Json.Nodes;

namespace RolloutLab.Benchmarks;

/// <summary>One suite of <c>rolloutlab bench</c>: a file or folder of its own that measures and says how to print it.</summary>
internal interface IBenchSuite
{
    /// <summary>The word after <c>bench</c>.</summary>
    string Name { get; }

    /// <summary>One line of help.</summary>
    string Summary { get; }

    /// <summary>Parts that can be measured alone (<c>--only</c>).</summary>
    IReadOnlyList<string> Parts => [];

    /// <summary>Measures.</summary>
    /// <param name="options">Threads, and whether only to see that it runs.</param>
    /// <param name="progress">Told what is being measured, a line each.</param>
    /// <returns>The report: what <c>--json</c> prints.</returns>
    JsonObject Run(BenchOptions options, TextWriter progress);

    /// <summary>The report as text for people.</summary>
    string Table(JsonObject report);
}

/// <summary>How to measure.</summary>
/// <param name="Quick">A few seconds only: smaller sizes and fewer repeats, to see that it runs.</param>
/// <param name="Threads">Compute threads.</param>
/// <param name="Trials">Trials of each part of a suite that counts trials; null for its own number.</param>
/// <param name="Only">The one part of a suite to measure; null for all.</param>
internal sealed record BenchOptions(bool Quick, int Threads, int? Trials = null, string? Only = null)
{
    /// <summary>Whether a part is to be measured.</summary>
    public bool Wants(string part) => Only is null || Only == part;
}
