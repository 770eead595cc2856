namespace RolloutLab.NativeTests.Torch;

/// <summary>Tests that count live tensors run alone: the count is the process's.</summary>
[CollectionDefinition(nameof(LiveTensors), DisableParallelization = true)]
public sealed class LiveTensors;
