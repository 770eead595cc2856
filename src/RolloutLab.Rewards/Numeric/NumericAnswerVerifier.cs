using RolloutLab.Core;

namespace RolloutLab.Rewards;

/// <summary>How numeric answers are compared.</summary>
public sealed record NumericAnswerOptions
{
    /// <summary>Largest distance from the reference that still counts as right, at least 0.</summary>
    public decimal Tolerance { get; init; }

    /// <summary>Whether a response without any marker is graded by its last number; otherwise it is malformed.</summary>
    public bool AllowLastNumber { get; init; } = true;
}

/// <summary>
/// Grades responses by the number they end in, compared exactly. Where the answer is, in this order:
/// <list type="number">
/// <item>after the last marker, whichever kind it is: inside <c>\boxed{...}</c> (braces may nest), the rest of the line after
/// <c>####</c>, or the rest of a line that begins with <c>A:</c> or <c>Answer:</c>. If it has a <c>=</c>, what follows the last
/// one. It must hold exactly one number: an answer that lists several is malformed;</item>
/// <item>without any marker, the last number of the response.</item>
/// </list>
/// Read are signs (also the Unicode minus), decimals, thousands separators in groups of three, fractions <c>a/b</c> and
/// <c>\frac{a}{b}</c>, currency signs before and units after the number. Units are not converted: <c>50%</c> is 50, and
/// <c>2 million</c> is 2. Not read, and so malformed, are powers, exponents, roots and other LaTeX commands beside
/// the number, other groupings and more than 40 digits. The
/// verdict's answer is the number in one spelling: a whole number or a fraction in lowest terms.
/// </summary>
public sealed class NumericAnswerVerifier : IVerifier
{
    private readonly NumericAnswerOptions _options;

    // The rollouts of a group are graded one after another. Replaced as a whole, so threads may verify beside each other.
    private Reference? _latest;

    /// <summary>Creates a verifier.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The tolerance is negative.</exception>
    public NumericAnswerVerifier(NumericAnswerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Tolerance);
        _options = options;
    }

    /// <inheritdoc/>
    public Verdict Verify(Prompt prompt, string response)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(response);
        if (ReferenceOf(prompt) is not { } reference)
        {
            return Verdict.Fault($"the answer of prompt '{prompt.Id}' has no number in a form that is read");
        }

        var segment = AnswerSegment.Find(response);
        if (!segment.IsMarked && !_options.AllowLastNumber)
        {
            return Verdict.Malformed("has no marked answer: no '####', 'A:' or \\boxed{}");
        }

        var (value, fault) = Extract(segment);
        if (value is not { } answer)
        {
            return Verdict.Malformed(fault!);
        }

        return answer.IsWithin(_options.Tolerance, reference)
            ? Verdict.Correct(answer.ToString())
            : Verdict.Wrong(answer.ToString(), $"{answer} is not {reference}");
    }

    private ExactNumber? ReferenceOf(Prompt prompt)
    {
        var latest = _latest;
        if (latest is null || !ReferenceEquals(latest.Answer, prompt.Answer))
        {
            _latest = latest = new Reference(prompt.Answer, Extract(prompt.Answer).Value);
        }

        return latest.Value;
    }

    private static FoundNumber Extract(string text) => Extract(AnswerSegment.Find(text));

    private static FoundNumber Extract(AnswerSegment segment)
    {
        if (segment.IsMarked && segment.UnreadLatexCommand is { } command)
        {
            return new FoundNumber(null, $"the marked answer has {Shorten(command)}, which is not read");
        }

        var text = segment.IsMarked ? segment.Text.AsSpan(segment.Text.LastIndexOf('=') + 1) : segment.Text;
        var scanner = new NumberScanner(text);
        if (!scanner.TryNext(out var number))
        {
            return new FoundNumber(null, segment.IsMarked ? "the marked answer has no number" : "has no number");
        }

        while (scanner.TryNext(out var next))
        {
            if (segment.IsMarked)
            {
                return new FoundNumber(null, "the marked answer has more than one number");
            }

            number = next;
        }

        return number;
    }

    private static string Shorten(string command) => command.Length <= 32 ? command : command[..32] + "...";

    /// <summary>The number of an answer.</summary>
    private sealed record Reference(string Answer, ExactNumber? Value);
}
