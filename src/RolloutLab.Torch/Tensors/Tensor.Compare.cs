using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <content>Comparisons; all give Bool and broadcast.</content>
public sealed partial class Tensor
{
    /// <summary>Element by element: x &gt; y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor gt(Tensor right) => Binary(BinaryOp.Gt, right);

    /// <summary>Element by element: x &gt; y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor gt(double right) => Binary(BinaryOp.Gt, right);

    /// <summary>Element by element: x ≥ y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor ge(Tensor right) => Binary(BinaryOp.Ge, right);

    /// <summary>Element by element: x ≥ y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor ge(double right) => Binary(BinaryOp.Ge, right);

    /// <summary>Element by element: x &lt; y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor lt(Tensor right) => Binary(BinaryOp.Lt, right);

    /// <summary>Element by element: x &lt; y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor lt(double right) => Binary(BinaryOp.Lt, right);

    /// <summary>Element by element: x ≤ y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor le(Tensor right) => Binary(BinaryOp.Le, right);

    /// <summary>Element by element: x ≤ y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor le(double right) => Binary(BinaryOp.Le, right);

    /// <summary>Element by element: x = y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor eq(Tensor right) => Binary(BinaryOp.Eq, right);

    /// <summary>Element by element: x = y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor eq(double right) => Binary(BinaryOp.Eq, right);

    /// <summary>Element by element: x ≠ y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor ne(Tensor right) => Binary(BinaryOp.Ne, right);

    /// <summary>Element by element: x ≠ y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor ne(double right) => Binary(BinaryOp.Ne, right);
}
