using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>How a Countdown response states its solution.</summary>
public enum CountdownFormatChoice
{
    /// <summary>A search trace whose last attempt ends in <c>!</c>.</summary>
    Trace,

    /// <summary>An expression between <c>&lt;answer&gt;</c> tags.</summary>
    Expression,
}

/// <summary>Where a numeric answer stands in a response.</summary>
public enum AnswerExtractionChoice
{
    /// <summary>At the last marker (<c>####</c>, <c>A:</c>, <c>\boxed{}</c>); without one, the last number.</summary>
    Auto,

    /// <summary>At the last marker; a response without one is malformed.</summary>
    Marked,
}

/// <summary>How responses are judged.</summary>
public abstract record VerifierSection
{
    internal static VerifierSection Read(SectionReader r) => r.Variant<VerifierSection>(
        "What counts as right: a Countdown solution, or a number equal to the answer.",
        null,
        ("countdown", s => new CountdownVerifierSection
        {
            Format = s.Choice(
                "format", CountdownFormatChoice.Trace,
                "How a response states its solution: a search trace ending in !, or an expression in <answer> tags.",
                ("trace", CountdownFormatChoice.Trace), ("expression", CountdownFormatChoice.Expression)),
        }),
        ("numeric", s => new NumericVerifierSection
        {
            Extraction = s.Choice(
                "extraction", AnswerExtractionChoice.Auto,
                "Where the answer stands: at the last ####, A: or \\boxed{} (marked), or there or else the last number (auto).",
                ("auto", AnswerExtractionChoice.Auto),
                ("marked", AnswerExtractionChoice.Marked)),
            Tolerance = s.Number("tolerance", 0, AtLeast(0), "Largest absolute difference that still counts as equal."),
        }));
}

/// <summary>Checks a Countdown solution exactly.</summary>
public sealed record CountdownVerifierSection : VerifierSection
{
    /// <summary>How a response states its solution.</summary>
    public required CountdownFormatChoice Format { get; init; }
}

/// <summary>Compares a response's final number with the answer.</summary>
public sealed record NumericVerifierSection : VerifierSection
{
    /// <summary>Where the number stands.</summary>
    public required AnswerExtractionChoice Extraction { get; init; }

    /// <summary>Largest absolute difference that still counts as equal.</summary>
    public required double Tolerance { get; init; }
}
