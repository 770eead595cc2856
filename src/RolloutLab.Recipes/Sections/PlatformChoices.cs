namespace RolloutLab.Recipes;

/// <summary>Where the model runs.</summary>
public enum DeviceChoice
{
    /// <summary>A CUDA device when there is one, else the CPU.</summary>
    Auto,

    /// <summary>The CPU.</summary>
    Cpu,

    /// <summary>A CUDA device.</summary>
    Cuda,
}

/// <summary>Number format of weights and activations.</summary>
public enum DtypeChoice
{
    /// <summary>32-bit floating point.</summary>
    Float32,

    /// <summary>16-bit floating point with the exponent of float32.</summary>
    Bfloat16,
}
