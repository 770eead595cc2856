namespace RolloutLab.Runs;

/// <summary>What a report shows of a run.</summary>
public sealed record RunReport
{
    /// <summary>The run's folder.</summary>
    public required string Folder { get; init; }

    /// <summary>Name of its recipe.</summary>
    public required string Name { get; init; }

    /// <summary>The resolved recipe.</summary>
    public required string Recipe { get; init; }

    /// <summary>What it came to; null while it has not ended.</summary>
    public required RunSummary? Summary { get; init; }

    /// <summary>What it ran on, as JSON; null when it is not known.</summary>
    public required string? Environment { get; init; }

    /// <summary>Its metrics.</summary>
    public required MetricsHistory Metrics { get; init; }

    /// <summary>Budget by success rate over training; null when the run has no history of budgets.</summary>
    public required HeatMap? Budgets { get; init; }

    /// <summary>What there is of rollouts.</summary>
    public required PromptSurvey Survey { get; init; }

    /// <summary>The prompts shown.</summary>
    public required IReadOnlyList<ReportedPrompt> Prompts { get; init; }

    /// <summary>What is cut or left out, a sentence each.</summary>
    public required IReadOnlyList<string> Limits { get; init; }
}
