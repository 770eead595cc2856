using System.Text.Json.Serialization;

namespace RolloutLab.Runs;

/// <summary>Compile-time JSON contract of kept trees.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(KeptTree))]
internal sealed partial class TreeJson : JsonSerializerContext;
