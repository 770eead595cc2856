using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>
/// What a reward is made of besides the verifier's: each part that is there is added with its weight. Only training
/// rewards are shaped; a fault of the verifier stays without any reward.
/// </summary>
public sealed record RewardSection
{
    /// <summary>Weight of the verifier's reward.</summary>
    public required double VerifierWeight { get; init; }

    /// <summary>What a truncated response keeps of the verifier's reward (ProRL, arXiv 2505.24864); null for all.</summary>
    public TruncatedSection? Truncated { get; init; }

    /// <summary>A penalty for answers close to the length limit (DAPO, arXiv 2503.14476).</summary>
    public OverlongSection? Overlong { get; init; }

    /// <summary>Short right answers and long wrong ones are worth more (arXiv 2502.03373).</summary>
    public CosineSection? Cosine { get; init; }

    /// <summary>A penalty for repeating.</summary>
    public RepetitionSection? Repetition { get; init; }

    /// <summary>A reward for the expected form.</summary>
    public FormatSection? Format { get; init; }

    /// <summary>Weights of the parts that are there, the verifier's first.</summary>
    public IReadOnlyList<double> Weights =>
    [
        VerifierWeight,
        .. Overlong is { } o ? [o.Weight] : Array.Empty<double>(),
        .. Cosine is { } c ? [c.Weight] : Array.Empty<double>(),
        .. Repetition is { } r ? [r.Weight] : Array.Empty<double>(),
        .. Format is { } f ? [f.Weight] : Array.Empty<double>(),
    ];

    /// <summary>Names of those parts: <c>verifier</c>, then the keys of their sections.</summary>
    public IReadOnlyList<string> Names =>
    [
        "verifier",
        .. Overlong is not null ? ["overlong"] : Array.Empty<string>(),
        .. Cosine is not null ? ["cosine"] : Array.Empty<string>(),
        .. Repetition is not null ? ["repetition"] : Array.Empty<string>(),
        .. Format is not null ? ["format"] : Array.Empty<string>(),
    ];

    internal static RewardSection Read(SectionReader r) => new()
    {
        VerifierWeight = r.Number("verifier_weight", 1, AtLeast(0), "Weight of the verifier's reward."),
        Truncated = r.OptionalSection("truncated", "What a truncated response keeps of the verifier's reward.", TruncatedSection.Read),
        Overlong = r.OptionalSection("overlong", "A penalty for answers close to the length limit (DAPO).", OverlongSection.Read),
        Cosine = r.OptionalSection("cosine", "Short right answers and long wrong ones are worth more.", CosineSection.Read),
        Repetition = r.OptionalSection("repetition", "A penalty for repeated n-grams of tokens.", RepetitionSection.Read),
        Format = r.OptionalSection("format", "A reward for the expected form.", FormatSection.Read),
    };
}

/// <summary>What a truncated response keeps of the verifier's reward.</summary>
/// <param name="Coefficient">At least 0: multiplies the reward; below 0: takes its place.</param>
public sealed record TruncatedSection(double Coefficient)
{
    internal static TruncatedSection Read(SectionReader r) => new(r.Number(
        "coefficient", 0, Between(-1000, 1), "From 0 to 1 multiplies the reward of a truncated response; below 0 it takes its place."));
}

/// <summary>0 up to <c>max_length - buffer</c> tokens, then falling in a line to -1 at <c>max_length</c>.</summary>
/// <param name="Weight">Weight of the part.</param>
/// <param name="Buffer">Tokens over which it falls.</param>
/// <param name="MaxLength">The limit; 0 for <c>rollout.max_new_tokens</c>.</param>
public sealed record OverlongSection(double Weight, int Buffer, int MaxLength)
{
    internal static OverlongSection Read(SectionReader r) => new(
        r.Number("weight", 1, AtLeast(0), "Weight of the penalty."),
        r.Integer("buffer", null, AtLeast(1), "Tokens before the limit over which the penalty grows from 0 to 1."),
        r.Integer("max_length", 0, AtLeast(0), "The length limit; 0 for rollout.max_new_tokens."));
}

/// <summary>v_min + (v_max - v_min)/2 · (1 + cos(π·min(T/L, 1))), the bounds exchanged for wrong answers.</summary>
/// <param name="Weight">Weight of the part.</param>
/// <param name="MaxLength">L; 0 for <c>rollout.max_new_tokens</c>.</param>
/// <param name="CorrectShort">A right answer of length 0.</param>
/// <param name="CorrectLong">A right answer at the limit.</param>
/// <param name="WrongShort">A wrong answer of length 0.</param>
/// <param name="WrongLong">A wrong answer at the limit.</param>
public sealed record CosineSection(double Weight, int MaxLength, double CorrectShort, double CorrectLong, double WrongShort, double WrongLong)
{
    internal static CosineSection Read(SectionReader r) => new(
        r.Number("weight", 1, AtLeast(0), "Weight of the part."),
        r.Integer("max_length", 0, AtLeast(0), "Length from which the value no longer changes; 0 for rollout.max_new_tokens."),
        Bound(r, "correct_short", 1, "Value of a right answer of length 0."),
        Bound(r, "correct_long", 0.5, "Value of a right answer at the limit."),
        Bound(r, "wrong_short", -1, "Value of a wrong answer of length 0."),
        Bound(r, "wrong_long", -0.5, "Value of a wrong answer at the limit."));

    private static double Bound(SectionReader r, string key, double fallback, string doc) => r.Number(key, fallback, Between(-1000, 1000), doc);
}

/// <summary>Minus the share of n-grams that repeat an earlier one.</summary>
/// <param name="Weight">Weight of the penalty.</param>
/// <param name="Ngram">Tokens of an n-gram.</param>
public sealed record RepetitionSection(double Weight, int Ngram)
{
    internal static RepetitionSection Read(SectionReader r) => new(
        r.Number("weight", 1, AtLeast(0), "Weight of the penalty."),
        r.Integer("ngram", 3, AtLeast(1), "Tokens of an n-gram."));
}

/// <summary>1 for a response of the expected form, 0 for another.</summary>
/// <param name="Weight">Weight of the reward.</param>
/// <param name="Pattern">A regular expression that must match somewhere in the response; null for "the verifier found an answer".</param>
public sealed record FormatSection(double Weight, string? Pattern)
{
    internal static FormatSection Read(SectionReader r)
    {
        var section = new FormatSection(
            r.Number("weight", 1, AtLeast(0), "Weight of the reward."),
            r.OptionalText("pattern", "Regular expression that must match somewhere in the response; null asks that the verifier found an answer."));
        r.Check(() => section.Pattern is null || IsPattern(section.Pattern), "pattern", () => "is no regular expression without look-around or back-references");
        return section;
    }

    private static bool IsPattern(string pattern)
    {
        try
        {
            _ = new System.Text.RegularExpressions.Regex(pattern, System.Text.RegularExpressions.RegexOptions.NonBacktracking);
            return true;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }
}
