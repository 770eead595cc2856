namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary>Tests that listen to the process's signals, one after the other: a signal reaches all listeners at once.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessSignals
{
    public const string Name = "process signals";
}
