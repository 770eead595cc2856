namespace RolloutLab.Training;

/// <summary>
/// A number with its derivative with respect to one policy log-probability: formulas written with it give value and
/// gradient in one pass. Where a function has a corner, the derivative is the one of LibTorch: a clamp passes it inside
/// and on its bounds, and equal arguments of a maximum or minimum share it.
/// </summary>
/// <param name="Value">The number.</param>
/// <param name="Derivative">Its derivative.</param>
public readonly record struct Dual(double Value, double Derivative)
{
    /// <summary>The variable itself: derivative 1.</summary>
    public static Dual Variable(double value) => new(value, 1);

    /// <summary>The same value without a derivative.</summary>
    public Dual StopGradient() => new(Value, 0);

    /// <summary>A constant: derivative 0.</summary>
    public static implicit operator Dual(double value) => new(value, 0);

    /// <summary>A constant: derivative 0.</summary>
    public static Dual FromDouble(double value) => new(value, 0);

    /// <summary>Sum.</summary>
    public static Dual operator +(Dual a, Dual b) => new(a.Value + b.Value, a.Derivative + b.Derivative);

    /// <summary>Difference.</summary>
    public static Dual operator -(Dual a, Dual b) => new(a.Value - b.Value, a.Derivative - b.Derivative);

    /// <summary>The negative.</summary>
    public static Dual operator -(Dual a) => new(-a.Value, -a.Derivative);

    /// <summary>Product.</summary>
    public static Dual operator *(Dual a, Dual b) => new(a.Value * b.Value, (a.Derivative * b.Value) + (a.Value * b.Derivative));

    /// <summary>Sum.</summary>
    public static Dual Add(Dual a, Dual b) => a + b;

    /// <summary>Difference.</summary>
    public static Dual Subtract(Dual a, Dual b) => a - b;

    /// <summary>The negative.</summary>
    public static Dual Negate(Dual a) => -a;

    /// <summary>Product.</summary>
    public static Dual Multiply(Dual a, Dual b) => a * b;

    /// <summary>e to the power of x.</summary>
    public static Dual Exp(Dual x)
    {
        var value = Math.Exp(x.Value);
        return new Dual(value, value * x.Derivative);
    }

    /// <summary>1 / (1 + e^-x), without overflow.</summary>
    public static Dual Sigmoid(Dual x)
    {
        var tail = Math.Exp(-Math.Abs(x.Value));
        var value = (x.Value >= 0 ? 1 : tail) / (1 + tail);
        return new Dual(value, value * (1 - value) * x.Derivative);
    }

    /// <summary>Absolute value; derivative 0 at 0.</summary>
    public static Dual Abs(Dual x) => new(Math.Abs(x.Value), Math.Sign(x.Value) * x.Derivative);

    /// <summary>The value moved into [low, high].</summary>
    public static Dual Clamp(Dual x, double low, double high) =>
        x.Value < low ? new Dual(low, 0) : x.Value > high ? new Dual(high, 0) : x;

    /// <summary>The larger of two.</summary>
    public static Dual Max(Dual a, Dual b) => a.Value > b.Value ? a : a.Value < b.Value ? b : Shared(a, b);

    /// <summary>The smaller of two.</summary>
    public static Dual Min(Dual a, Dual b) => a.Value < b.Value ? a : a.Value > b.Value ? b : Shared(a, b);

    // Also reached when a value is NaN, which then spreads as it should.
    private static Dual Shared(Dual a, Dual b) => new((a.Value + b.Value) / 2, (a.Derivative + b.Derivative) / 2);
}
