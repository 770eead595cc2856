namespace RolloutLab.Torch;

/// <summary>Element type of a tensor. The numbers are LibTorch's own.</summary>
public enum ScalarType
{
    /// <summary>Unsigned 8-bit integer; <see cref="byte"/>.</summary>
    Byte = 0,

    /// <summary>Signed 8-bit integer; <see cref="sbyte"/>.</summary>
    Int8 = 1,

    /// <summary>Signed 16-bit integer; <see cref="short"/>.</summary>
    Int16 = 2,

    /// <summary>Signed 32-bit integer; <see cref="int"/>.</summary>
    Int32 = 3,

    /// <summary>Signed 64-bit integer; <see cref="long"/>. Index tensors have this type.</summary>
    Int64 = 4,

    /// <summary>IEEE half precision; <see cref="Half"/>.</summary>
    Float16 = 5,

    /// <summary>IEEE single precision; <see cref="float"/>.</summary>
    Float32 = 6,

    /// <summary>IEEE double precision; <see cref="double"/>.</summary>
    Float64 = 7,

    /// <summary>One byte of truth; <see cref="bool"/>.</summary>
    Bool = 11,

    /// <summary>Upper half of a single; raw bytes only, .NET has no type of it.</summary>
    BFloat16 = 15,
}

/// <summary>Facts about <see cref="ScalarType"/>.</summary>
public static class ScalarTypes
{
    /// <summary>Bytes of one element.</summary>
    /// <param name="type">The element type.</param>
    /// <exception cref="ArgumentOutOfRangeException">The value is not a <see cref="ScalarType"/>.</exception>
    public static int ElementSize(this ScalarType type) => type switch
    {
        ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool => 1,
        ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.Float32 => 4,
        ScalarType.Int64 or ScalarType.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not an element type"),
    };

    /// <summary>The element type that holds <typeparamref name="T"/>.</summary>
    /// <typeparam name="T">byte, sbyte, short, int, long, Half, float, double or bool.</typeparam>
    /// <exception cref="ArgumentException">No element type holds <typeparamref name="T"/>.</exception>
    public static ScalarType Of<T>()
        where T : unmanaged
    {
        // Each comparison is a constant to the JIT, so the chain costs nothing at run time.
        if (typeof(T) == typeof(float)) { return ScalarType.Float32; }
        if (typeof(T) == typeof(long)) { return ScalarType.Int64; }
        if (typeof(T) == typeof(int)) { return ScalarType.Int32; }
        if (typeof(T) == typeof(double)) { return ScalarType.Float64; }
        if (typeof(T) == typeof(bool)) { return ScalarType.Bool; }
        if (typeof(T) == typeof(byte)) { return ScalarType.Byte; }
        if (typeof(T) == typeof(sbyte)) { return ScalarType.Int8; }
        if (typeof(T) == typeof(short)) { return ScalarType.Int16; }
        if (typeof(T) == typeof(Half)) { return ScalarType.Float16; }

        throw new ArgumentException($"no tensor element type holds {typeof(T).Name}");
    }
}
