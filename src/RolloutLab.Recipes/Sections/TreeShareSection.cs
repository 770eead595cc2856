using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>Which share of a group is a tree, by training step; the rest are plain samples.</summary>
public abstract record TreeShareSection
{
    /// <summary>The share in a step.</summary>
    /// <param name="step">Training step, from 1.</param>
    /// <returns>In [0, 1].</returns>
    public abstract double At(long step);

    internal static TreeShareSection Read(SectionReader r) => r.Variant<TreeShareSection>(
        "How the share changes over training (paper: geometric; code: table).",
        "constant",
        ("constant", s => new ConstantTreeShareSection { Value = s.Number("value", 1, Between(0, 1), "The share in every step.") }),
        ("geometric", s => new GeometricTreeShareSection
        {
            Initial = s.Number("initial", 1, Between(0, 1), "The share in the first step."),
            Factor = s.Number("factor", 0.99, Between(0, 1), "What it is multiplied by."),
            Every = s.Integer("every", 1, AtLeast(1), "Steps between two multiplications."),
        }),
        ("table", TableTreeShareSection.ReadTable));
}

/// <summary>The same share in every step.</summary>
public sealed record ConstantTreeShareSection : TreeShareSection
{
    /// <summary>The share.</summary>
    public required double Value { get; init; }

    /// <inheritdoc/>
    public override double At(long step) => Value;
}

/// <summary>A share that shrinks by a factor.</summary>
public sealed record GeometricTreeShareSection : TreeShareSection
{
    /// <summary>The share in the first step.</summary>
    public required double Initial { get; init; }

    /// <summary>What it is multiplied by.</summary>
    public required double Factor { get; init; }

    /// <summary>Steps between two multiplications.</summary>
    public required int Every { get; init; }

    /// <inheritdoc/>
    public override double At(long step) => Initial * Math.Pow(Factor, Math.Max(0, step - 1) / Every);
}

/// <summary>A share for each stretch of steps: that of the last entry whose step has been reached.</summary>
public sealed record TableTreeShareSection : TreeShareSection
{
    /// <summary>First steps of the stretches, rising; the first is 0 or 1.</summary>
    public required ValueList<int> Steps { get; init; }

    /// <summary>Their shares.</summary>
    public required ValueList<double> Shares { get; init; }

    /// <inheritdoc/>
    public override double At(long step)
    {
        var share = Shares[0];
        for (var i = 0; i < Steps.Count && Steps[i] <= step; i++)
        {
            share = Shares[i];
        }

        return share;
    }

    internal static TableTreeShareSection ReadTable(SectionReader r)
    {
        var section = new TableTreeShareSection
        {
            Steps = r.Integers("steps", [0, 10, 20, 80, 200], AtLeast(0), "First step of each stretch, rising from 0 or 1."),
            Shares = r.Numbers("shares", [1, 0.75, 0.5, 0.25, 0], Between(0, 1), "Share in each stretch."),
        };
        r.Check(
            () => section.Steps[0] <= 1 && section.Steps.Zip(section.Steps.Skip(1)).All(pair => pair.First < pair.Second), "steps",
            () => "must rise from 0 or 1, the first training step");
        r.Check(
            () => section.Steps.Count == section.Shares.Count, "shares",
            () => $"must be as many as the steps ({section.Steps.Count})");
        return section;
    }
}
