using System.Text.Json.Serialization;

namespace RolloutLab.Runs;

/// <summary>What run a folder holds: <c>run.json</c>, written when it starts.</summary>
public sealed record RunIdentity
{
    /// <summary>The command that started it.</summary>
    [JsonPropertyName("kind")]
    public required RunKind Kind { get; init; }

    /// <summary>Name of its recipe.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Hash of its recipe as it was given; the resolved copy in the folder, with absolute paths, may have another.</summary>
    [JsonPropertyName("recipe_hash")]
    public required string RecipeHash { get; init; }

    /// <summary>Path of the log that an off-policy training takes its rollouts from; null where there is none to go on with.</summary>
    [JsonPropertyName("log")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Log { get; init; }
}
