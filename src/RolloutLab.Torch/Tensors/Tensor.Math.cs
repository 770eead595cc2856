using RolloutLab.Torch.Native;

namespace RolloutLab.Torch;

/// <content>Arithmetic. Shapes of two operands broadcast.</content>
public sealed partial class Tensor
{
    /// <summary>Element by element: −x.</summary>
    public Tensor neg() => Unary(UnaryOp.Neg);

    /// <summary>Element by element: e^x.</summary>
    public Tensor exp() => Unary(UnaryOp.Exp);

    /// <summary>Element by element: ln x.</summary>
    public Tensor log() => Unary(UnaryOp.Log);

    /// <summary>Element by element: √x.</summary>
    public Tensor sqrt() => Unary(UnaryOp.Sqrt);

    /// <summary>Element by element: |x|.</summary>
    public Tensor abs() => Unary(UnaryOp.Abs);

    /// <summary>Element by element: 1 / x.</summary>
    public Tensor reciprocal() => Unary(UnaryOp.Reciprocal);

    /// <summary>Element by element: x².</summary>
    public Tensor square() => Unary(UnaryOp.Square);

    /// <summary>Element by element: 1 / (1 + e^−x).</summary>
    public Tensor sigmoid() => Unary(UnaryOp.Sigmoid);

    /// <summary>Element by element: tanh x.</summary>
    public Tensor tanh() => Unary(UnaryOp.Tanh);

    /// <summary>Element by element: x · sigmoid(x).</summary>
    public Tensor silu() => Unary(UnaryOp.Silu);

    /// <summary>Element by element, Bool: neither NaN nor infinite.</summary>
    public Tensor isfinite() => Unary(UnaryOp.Isfinite);

    /// <summary>Element by element: x + y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor add(Tensor right) => Binary(BinaryOp.Add, right);

    /// <summary>Element by element: x + y; a whole y keeps an integer dtype.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor add(double right) => Binary(BinaryOp.Add, right);

    /// <summary>Element by element: x − y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor sub(Tensor right) => Binary(BinaryOp.Sub, right);

    /// <summary>Element by element: x − y; a whole y keeps an integer dtype.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor sub(double right) => Binary(BinaryOp.Sub, right);

    /// <summary>Element by element: x · y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor mul(Tensor right) => Binary(BinaryOp.Mul, right);

    /// <summary>Element by element: x · y; a whole y keeps an integer dtype.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor mul(double right) => Binary(BinaryOp.Mul, right);

    /// <summary>Element by element: x / y; integers give floats.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor div(Tensor right) => Binary(BinaryOp.Div, right);

    /// <summary>Element by element: x / y; integers give floats.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor div(double right) => Binary(BinaryOp.Div, right);

    /// <summary>Element by element: x^y.</summary>
    /// <param name="exponent">The exponent.</param>
    public Tensor pow(double exponent) => Binary(BinaryOp.Pow, exponent);

    /// <summary>Element by element: the smaller of x and y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor minimum(Tensor right) => Binary(BinaryOp.Minimum, right);

    /// <summary>Element by element: the smaller of x and y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor minimum(double right) => Binary(BinaryOp.Minimum, right);

    /// <summary>Element by element: the larger of x and y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor maximum(Tensor right) => Binary(BinaryOp.Maximum, right);

    /// <summary>Element by element: the larger of x and y.</summary>
    /// <param name="right">The other operand.</param>
    public Tensor maximum(double right) => Binary(BinaryOp.Maximum, right);

    /// <summary>Element by element: x brought into [<paramref name="min"/>, <paramref name="max"/>]; the gradient is 0 outside.</summary>
    /// <param name="min">Lower end.</param>
    /// <param name="max">Upper end, not below the lower.</param>
    public Tensor clamp(double min, double max) =>
        NativeCall.Wrap(NativeMethods.rl_tensor_clamp(Handle, min, max, out var result), result);

    /// <summary>Matrix product, batched over leading dimensions.</summary>
    /// <param name="right">The right factor.</param>
    public Tensor matmul(Tensor right)
    {
        ArgumentNullException.ThrowIfNull(right);
        return NativeCall.Wrap(NativeMethods.rl_tensor_matmul(Handle, right.Handle, out var result), result);
    }

    private Tensor Unary(UnaryOp op) => NativeCall.Wrap(NativeMethods.rl_tensor_unary((int)op, Handle, out var result), result);

    private Tensor Binary(BinaryOp op, Tensor right)
    {
        ArgumentNullException.ThrowIfNull(right);
        return NativeCall.Wrap(NativeMethods.rl_tensor_binary((int)op, Handle, right.Handle, out var result), result);
    }

    private Tensor Binary(BinaryOp op, double right) =>
        NativeCall.Wrap(NativeMethods.rl_tensor_binary_scalar((int)op, Handle, right, out var result), result);
}
