namespace RolloutLab.Torch;

/// <content>Operators; each is the method of the same meaning.</content>
public sealed partial class Tensor
{
    /// <summary><see cref="neg"/>.</summary>
    /// <param name="operand">x.</param>
    public static Tensor operator -(Tensor operand) => NotNull(operand).neg();

    /// <summary><see cref="add(Tensor)"/>.</summary>
    /// <param name="left">x.</param>
    /// <param name="right">y.</param>
    public static Tensor operator +(Tensor left, Tensor right) => NotNull(left).add(right);

    /// <summary><see cref="add(double)"/>.</summary>
    /// <param name="left">x.</param>
    /// <param name="right">y.</param>
    public static Tensor operator +(Tensor left, double right) => NotNull(left).add(right);

    /// <summary><see cref="add(double)"/>.</summary>
    /// <param name="left">x.</param>
    /// <param name="right">y.</param>
    public static Tensor operator +(double left, Tensor right) => NotNull(right).add(left);

    /// <summary><see cref="sub(Tensor)"/>.</summary>
    /// <param name="left">x.</param>
    /// <param name="right">y.</param>
    public static Tensor operator -(Tensor left, Tensor right) => NotNull(left).sub(right);

    /// <summary><see cref="sub(double)"/>.</summary>
    /// <param name="left">x.</param>
    /// <param name="right">y.</param>
    public static Tensor operator -(Tensor left, double right) => NotNull(left).sub(right);

    /// <summary>Element by element: a number minus y.</summary>
    /// <param name="left">x.</param>
    /// <param name="right">y.</param>
    public static Tensor operator -(double left, Tensor right) => NotNull(right).neg().add(left);

    /// <summary><see cref="mul(Tensor)"/>.</summary>
    /// <param name="left">x.</param>
    /// <param name="right">y.</param>
    public static Tensor operator *(Tensor left, Tensor right) => NotNull(left).mul(right);

    /// <summary><see cref="mul(double)"/>.</summary>
    /// <param name="left">x.</param>
    /// <param name="right">y.</param>
    public static Tensor operator *(Tensor left, double right) => NotNull(left).mul(right);

    /// <summary><see cref="mul(double)"/>.</summary>
    /// <param name="left">x.</param>
    /// <param name="right">y.</param>
    public static Tensor operator *(double left, Tensor right) => NotNull(right).mul(left);

    /// <summary><see cref="div(Tensor)"/>.</summary>
    /// <param name="left">x.</param>
    /// <param name="right">y.</param>
    public static Tensor operator /(Tensor left, Tensor right) => NotNull(left).div(right);

    /// <summary><see cref="div(double)"/>.</summary>
    /// <param name="left">x.</param>
    /// <param name="right">y.</param>
    public static Tensor operator /(Tensor left, double right) => NotNull(left).div(right);

    /// <summary>Element by element: a number over y.</summary>
    /// <param name="left">x.</param>
    /// <param name="right">y.</param>
    public static Tensor operator /(double left, Tensor right) => NotNull(right).reciprocal().mul(left);

    private static Tensor NotNull(Tensor operand)
    {
        ArgumentNullException.ThrowIfNull(operand);
        return operand;
    }
}
