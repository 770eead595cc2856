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

/// <summary>What weights count as where they are used. On the CPU arithmetic, activations and KV blocks are float32 in both.</summary>
public enum DtypeChoice
{
    /// <summary>32-bit floating point.</summary>
    Float32,

    /// <summary>16-bit floating point with the exponent of float32; trained weights have a float32 master copy beside.</summary>
    Bfloat16,
}
