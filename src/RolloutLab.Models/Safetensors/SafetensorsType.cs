namespace RolloutLab.Models;

/// <summary>Element types of a safetensors file that are read, named as in its header.</summary>
public enum SafetensorsType
{
    /// <summary>Boolean, one byte.</summary>
    BOOL,

    /// <summary>Unsigned 8-bit integer.</summary>
    U8,

    /// <summary>Signed 8-bit integer.</summary>
    I8,

    /// <summary>Signed 16-bit integer.</summary>
    I16,

    /// <summary>Unsigned 16-bit integer.</summary>
    U16,

    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>The upper half of an IEEE single.</summary>
    BF16,

    /// <summary>Signed 32-bit integer.</summary>
    I32,

    /// <summary>Unsigned 32-bit integer.</summary>
    U32,

    /// <summary>IEEE single precision.</summary>
    F32,

    /// <summary>IEEE double precision.</summary>
    F64,

    /// <summary>Signed 64-bit integer.</summary>
    I64,

    /// <summary>Unsigned 64-bit integer.</summary>
    U64,
}

/// <summary>Facts about <see cref="SafetensorsType"/>.</summary>
public static class SafetensorsTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int ByteSize(this SafetensorsType type) => type switch
    {
        <= SafetensorsType.I8 => 1,
        <= SafetensorsType.BF16 => 2,
        <= SafetensorsType.F32 => 4,
        _ => 8,
    };
}
