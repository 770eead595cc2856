using System.Text.Json.Serialization;

namespace RolloutLab.Runs;

/// <summary>Compile-time JSON contract of kept trees as documents for people and scripts.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(KeptTree))]
internal sealed partial class IndentedTreeJson : JsonSerializerContext;
