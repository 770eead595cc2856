using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>Which statistic of a sequence or token a rejection looks at.</summary>
public enum RejectionLevel
{
    /// <summary>Each token by itself.</summary>
    Token,

    /// <summary>The sum over the sequence.</summary>
    SeqSum,

    /// <summary>The mean over the sequence.</summary>
    SeqMean,

    /// <summary>The largest of the sequence.</summary>
    SeqMax,
}

/// <summary>
/// Leaves tokens or sequences out of the loss and its denominators. With D = ℓ_train − μ the statistic is −D (k1), D²/2 (k2)
/// or e^D − 1 − D (k3). k1 is kept within [ln low, ln high] (so the bounds are those of 1/ratio, as in verl); k2 and k3
/// up to high.
/// </summary>
public sealed record RejectionSection
{
    internal const string Rule =
        "{estimator: k1 | k2 | k3 (k1), level: token | seq_sum | seq_mean | seq_max (seq_mean), high: above 0, low: 0 or, with k1, up to high (1/high)}";

    private static readonly (string Name, KlEstimator Value)[] Estimators = [("k1", KlEstimator.K1), ("k2", KlEstimator.K2), ("k3", KlEstimator.K3)];

    private static readonly (string Name, RejectionLevel Value)[] Levels =
        [("token", RejectionLevel.Token), ("seq_sum", RejectionLevel.SeqSum), ("seq_mean", RejectionLevel.SeqMean), ("seq_max", RejectionLevel.SeqMax)];

    /// <summary>The statistic: k1, k2 or k3.</summary>
    public required KlEstimator Estimator { get; init; }

    /// <summary>What it is taken over.</summary>
    public required RejectionLevel Level { get; init; }

    /// <summary>Lower bound of k1 as a ratio; 0 for 1/high.</summary>
    public required double Low { get; init; }

    /// <summary>Upper bound: of k1 as a ratio, of k2 and k3 themselves.</summary>
    public required double High { get; init; }

    /// <summary>One criterion as YAML on one line.</summary>
    internal static string Format(RejectionSection criterion) =>
        $"{{estimator: {NameOf(Estimators, criterion.Estimator)}, level: {NameOf(Levels, criterion.Level)}, "
        + $"low: {ScalarFormat.Write(criterion.Low)}, high: {ScalarFormat.Write(criterion.High)}}}";

    /// <summary>One criterion from its section.</summary>
    internal static Conversion<RejectionSection> Convert(DocumentNode node)
    {
        if (node is not SectionNode section)
        {
            return Conversion<RejectionSection>.Failed("must be a section such as {estimator: k1, level: seq_mean, high: 1.01}");
        }

        string[] keys = ["estimator", "level", "low", "high"];
        if (section.Entries.FirstOrDefault(e => !keys.Contains(e.Key)) is { } unknown)
        {
            return Conversion<RejectionSection>.Failed($"has the unknown key {DisplayText.Shorten(unknown.Key)}; known here: {string.Join(", ", keys)}");
        }

        var estimator = Read(section, "estimator", new(KlEstimator.K1, null), n => Conversions.Choice(n, Estimators));
        var level = Read(section, "level", new(RejectionLevel.SeqMean, null), n => Conversions.Choice(n, Levels));
        var low = Read(section, "low", new(0.0, null), n => Conversions.Number(n, AtLeast(0)));
        var high = Read(section, "high", Conversion<double>.Failed("is missing"), n => Conversions.Number(n, Above(0)));
        return (estimator.Problem ?? level.Problem ?? low.Problem ?? high.Problem) is { } problem
            ? Conversion<RejectionSection>.Failed(problem)
            : Checked(new RejectionSection { Estimator = estimator.Value, Level = level.Value, Low = low.Value, High = high.Value });
    }

    private static Conversion<RejectionSection> Checked(RejectionSection criterion)
    {
        var problem = criterion.Estimator != KlEstimator.K1
            ? criterion.Low == 0 ? null : "has low, which only k1 has; leave it out"
            : criterion.Level == RejectionLevel.SeqMax ? "has level seq_max with k1, whose signs make the largest say nothing; use seq_sum or seq_mean, or k2 or k3"
            : criterion.Low > criterion.High ? $"has low {ScalarFormat.Write(criterion.Low)} above high {ScalarFormat.Write(criterion.High)}"
            : null;
        return new Conversion<RejectionSection>(criterion, problem);
    }

    private static Conversion<T> Read<T>(SectionNode section, string key, Conversion<T> fallback, Func<DocumentNode, Conversion<T>> convert)
    {
        var read = section.Find(key) is { } entry ? convert(entry.Value) : fallback;
        return read.Problem is null ? read : Conversion<T>.Failed($"{key} {read.Problem}");
    }

    private static string NameOf<T>((string Name, T Value)[] names, T value) => names.First(n => n.Value!.Equals(value)).Name;
}
