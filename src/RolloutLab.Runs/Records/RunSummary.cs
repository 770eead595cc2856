using System.Text.Json;
using System.Text.Json.Serialization;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>How a run came to its end.</summary>
public enum RunEnding
{
    /// <summary>All steps were done.</summary>
    [JsonStringEnumMemberName("finished")]
    Finished,

    /// <summary>It was asked to stop and ended after the step it was in, with everything written.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,
}

/// <summary>Seconds of wall time by phase.</summary>
public sealed record PhaseSeconds
{
    /// <summary>Sampling rollouts.</summary>
    [JsonPropertyName("rollout")]
    public double Rollout { get; init; }

    /// <summary>Grading them.</summary>
    [JsonPropertyName("verify")]
    public double Verify { get; init; }

    /// <summary>Advantages, recomposition and packing.</summary>
    [JsonPropertyName("advantage")]
    public double Advantage { get; init; }

    /// <summary>Forward, backward and optimizer.</summary>
    [JsonPropertyName("update")]
    public double Update { get; init; }

    /// <summary>Evaluation.</summary>
    [JsonPropertyName("eval")]
    public double Eval { get; init; }
}

/// <summary>What a run came to: <c>summary.json</c>, and what <c>--json</c> prints.</summary>
public sealed record RunSummary
{
    /// <summary>How it ended.</summary>
    [JsonPropertyName("stopped")]
    public required RunEnding Stopped { get; init; }

    /// <summary>The policy before the first step.</summary>
    [JsonPropertyName("initial")]
    public required PolicyScore Initial { get; init; }

    /// <summary>The policy after the last step.</summary>
    [JsonPropertyName("final")]
    public required PolicyScore Final { get; init; }

    /// <summary>Steps done.</summary>
    [JsonPropertyName("steps")]
    public required long Steps { get; init; }

    /// <summary>Rollouts sampled for training.</summary>
    [JsonPropertyName("rollouts_total")]
    public required long RolloutsTotal { get; init; }

    /// <summary>Response tokens sampled for training.</summary>
    [JsonPropertyName("tokens_generated")]
    public required long TokensGenerated { get; init; }

    /// <summary>Tokens that went through forward and backward.</summary>
    [JsonPropertyName("tokens_trained")]
    public required long TokensTrained { get; init; }

    /// <summary>Wall time of the whole run in seconds.</summary>
    [JsonPropertyName("wall_seconds")]
    public required double WallSeconds { get; init; }

    /// <summary>Wall time by phase.</summary>
    [JsonPropertyName("seconds")]
    public required PhaseSeconds Seconds { get; init; }

    /// <summary>Most resident memory of the process, bytes.</summary>
    [JsonPropertyName("peak_memory_bytes")]
    public required long PeakMemoryBytes { get; init; }

    /// <summary>The seed.</summary>
    [JsonPropertyName("seed")]
    public required long Seed { get; init; }

    /// <summary>Hash of the resolved recipe, lower-case hexadecimal.</summary>
    [JsonPropertyName("recipe_hash")]
    public required string RecipeHash { get; init; }

    /// <summary>The summary as indented JSON, one trailing line feed.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RunJson.Default.RunSummary) + "\n";

    /// <summary>Reads a <c>summary.json</c>.</summary>
    /// <exception cref="RunException">The file is missing, unreadable or not a summary.</exception>
    public static RunSummary Read(string path)
    {
        var text = FileFault.Guard("read", path, () => File.ReadAllText(path));
        try
        {
            return JsonSerializer.Deserialize(text, RunJson.Default.RunSummary)
                ?? throw new RunException($"{path} is not a run summary: it holds null; point to the summary.json of a run");
        }
        catch (JsonException fault)
        {
            var line = fault.LineNumber is { } zeroBased ? $" line {zeroBased + 1}" : "";
            throw new RunException($"{path}{line} is not a run summary; point to the summary.json of a run", fault);
        }
    }
}
