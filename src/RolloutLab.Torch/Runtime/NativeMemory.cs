namespace RolloutLab.Torch;

/// <summary>Tensors and memory of the process at one moment.</summary>
/// <param name="LiveTensors">Tensors made and not yet freed, by all threads.</param>
/// <param name="FinalizedTensors">Tensors a finalizer had to free since the start: leaks; 0 in a correct program.</param>
/// <param name="ResidentBytes">Physical memory in use.</param>
/// <param name="PeakResidentBytes">The most it was since the start.</param>
public readonly record struct NativeMemory(long LiveTensors, long FinalizedTensors, long ResidentBytes, long PeakResidentBytes);
