using System.Text.Json.Serialization;

namespace RolloutLab.Runs;

/// <summary>Compile-time JSON contracts of the run's records.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(RunSummary))]
[JsonSerializable(typeof(RunEnvironment))]
[JsonSerializable(typeof(RunIdentity))]
internal sealed partial class RunJson : JsonSerializerContext;
