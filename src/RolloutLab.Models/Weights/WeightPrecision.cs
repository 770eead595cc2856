namespace RolloutLab.Models;

/// <summary>What the weights of a model count as where it computes; arithmetic is float32.</summary>
public enum WeightPrecision
{
    /// <summary>Float32, as they are kept.</summary>
    Float32,

    /// <summary>
    /// Bfloat16: trained weights are kept as float32 (the master copy) and rounded where they are used, to the nearest and to
    /// even at ties; others are kept as bfloat16.
    /// </summary>
    Bfloat16,
}
