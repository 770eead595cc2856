namespace RolloutLab.Models;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="End">Byte after the last one.</param>
public sealed record SafetensorsEntry(string Name, SafetensorsType Type, IReadOnlyList<long> Shape, long Begin, long End)
{
    /// <summary>Number of elements.</summary>
    public long ElementCount => (End - Begin) / Type.ByteSize();
}

/// <summary>A tensor to be written to a safetensors file.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="WriteTo">Writes exactly the tensor's bytes, row-major and little-endian; called once, while the file is written.</param>
public sealed record SafetensorsSource(string Name, SafetensorsType Type, IReadOnlyList<long> Shape, Action<Stream> WriteTo)
{
    /// <summary>Number of bytes.</summary>
    /// <exception cref="OverflowException">The product of the sizes does not fit 64 bits.</exception>
    public long ByteCount => Shape.Aggregate((long)Type.ByteSize(), (product, size) => checked(product * size));
}
