using System.Text.Json.Serialization;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>A step on its way into the rollout store.</summary>
public sealed record StoredStep
{
    /// <summary>The step, from 1.</summary>
    public required long Step { get; init; }

    /// <summary>The step's groups, with their trees.</summary>
    public required IReadOnlyList<RolloutGroup> Groups { get; init; }

    /// <summary>What the allocator took each group's success rate for, aligned to the groups; in [0, 1].</summary>
    public required IReadOnlyList<double> Estimates { get; init; }

    /// <summary>One decision for each rollout, in the order of the groups.</summary>
    public required IReadOnlyList<RolloutDecision> Decisions { get; init; }

    /// <summary>What is known of the step as a whole.</summary>
    public required StepFacts Facts { get; init; }
}

/// <summary>A prompt by its place and name.</summary>
/// <param name="Index">Place in the prompt set, from 0.</param>
/// <param name="Id">Identifier.</param>
public sealed record PromptName(int Index, string Id);

/// <summary>
/// What a step's rows do not say: the metadata <c>rolloutlab</c> of its file, as JSON with names in snake_case. With it a
/// step can be replayed from the store alone.
/// </summary>
/// <param name="PromptSetSize">Prompts in the whole set.</param>
/// <param name="Unsampled">The step's prompts that got no rollouts, in the order in which they were asked for.</param>
/// <param name="Statistics">What the step's rollouts cost.</param>
public sealed record StepFacts(int PromptSetSize, IReadOnlyList<PromptName> Unsampled, RolloutStatistics Statistics);

/// <summary>Compile-time JSON contract of the metadata.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StepFacts))]
internal sealed partial class StepFactsJson : JsonSerializerContext
{
    /// <summary>Key of the metadata in a Parquet file.</summary>
    public const string Key = "rolloutlab";
}
