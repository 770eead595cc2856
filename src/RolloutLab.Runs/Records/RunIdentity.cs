using System.Text.Json;
using System.Text.Json.Serialization;
using RolloutLab.Core;

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

    /// <summary>Reads a run folder's <c>run.json</c>; null where there is none.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <exception cref="RunException">It is damaged or cannot be read.</exception>
    public static RunIdentity? Read(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        var path = Path.Combine(folder, "run.json");
        try
        {
            return !File.Exists(path) ? null
                : FileFault.Guard("read", path, () => JsonSerializer.Deserialize(File.ReadAllBytes(path), RunJson.Default.RunIdentity))
                    ?? throw new JsonException("empty");
        }
        catch (JsonException error)
        {
            throw new RunException($"{path} is damaged; train anew", error);
        }
    }
}
