using System.Text.RegularExpressions;
using RolloutLab.Core;

namespace RolloutLab.Data.HuggingFace;

/// <summary>What becomes of the matches of a split.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>Finds the parts of a piece that a split is about.</summary>
internal interface IPartFinder
{
    /// <summary>Start and length of every match, in order.</summary>
    IEnumerable<(int Start, int Length)> Find(Piece piece);
}

/// <summary>Cuts where something is found, by Hugging Face's <c>SplitDelimiterBehavior</c>.</summary>
/// <param name="finder">Finds it.</param>
/// <param name="behavior">What becomes of it.</param>
/// <param name="invert">Whether what lies between the matches is taken for the matches.</param>
internal sealed class SplitStep(IPartFinder finder, SplitBehavior behavior, bool invert) : IPieceStep
{
    /// <inheritdoc/>
    public void Apply(Piece piece, bool isStart, List<Piece> into)
    {
        var parts = Merge(Cut(piece));
        foreach (var (start, length, _) in parts)
        {
            if (length > 0)
            {
                into.Add(new Piece(piece.Text, piece.Start + start, length));
            }
        }
    }

    private List<(int Start, int Length, bool IsMatch)> Cut(Piece piece)
    {
        var parts = new List<(int Start, int Length, bool IsMatch)>();
        var at = 0;
        foreach (var (start, length) in finder.Find(piece))
        {
            if (start > at)
            {
                parts.Add((at, start - at, invert));
            }

            parts.Add((start, length, !invert));
            at = start + length;
        }

        if (at < piece.Length)
        {
            parts.Add((at, piece.Length - at, invert));
        }

        return parts;
    }

    private List<(int Start, int Length, bool IsMatch)> Merge(List<(int Start, int Length, bool IsMatch)> parts)
    {
        switch (behavior)
        {
            case SplitBehavior.Isolated:
                return parts;
            case SplitBehavior.Removed:
                return parts.FindAll(part => !part.IsMatch);
            case SplitBehavior.MergedWithNext:
                parts.Reverse();
                var joined = Join(parts);
                joined.Reverse();
                return joined;
            default:
                return Join(parts);
        }
    }

    // A match joins the part before it, unless that was a match too; contiguous ones join their like.
    private List<(int Start, int Length, bool IsMatch)> Join(List<(int Start, int Length, bool IsMatch)> parts)
    {
        var joined = new List<(int Start, int Length, bool IsMatch)>();
        bool? previous = null;
        foreach (var part in parts)
        {
            var joins = behavior == SplitBehavior.Contiguous ? part.IsMatch == previous : part.IsMatch && previous == false;
            if (joins)
            {
                joined[^1] = (Math.Min(joined[^1].Start, part.Start), joined[^1].Length + part.Length, part.IsMatch);
            }
            else
            {
                joined.Add(part);
            }

            previous = part.IsMatch;
        }

        return joined;
    }
}

/// <summary>Finds a fixed text.</summary>
internal sealed class TextFinder(string text) : IPartFinder
{
    /// <inheritdoc/>
    public IEnumerable<(int Start, int Length)> Find(Piece piece)
    {
        var end = piece.Start + piece.Length;
        for (var at = piece.Start; (at = piece.Text.IndexOf(text, at, end - at, StringComparison.Ordinal)) >= 0; at += text.Length)
        {
            yield return (at - piece.Start, text.Length);
        }
    }
}

/// <summary>Finds every number (<c>\p{N}</c>), each by itself.</summary>
internal sealed class NumberFinder : IPartFinder
{
    /// <inheritdoc/>
    public IEnumerable<(int Start, int Length)> Find(Piece piece)
    {
        var numbers = new List<(int, int)>();
        for (var at = 0; at < piece.Length;)
        {
            if (CharacterKind.At(piece.Span, at, out var length) == Kind.Number)
            {
                numbers.Add((at, length));
            }

            at += length;
        }

        return numbers;
    }
}

/// <summary>Finds a pattern.</summary>
/// <param name="pattern">For .NET, over code points.</param>
/// <param name="source">File and key, for messages.</param>
internal sealed class PatternFinder(string pattern, JsonSection source) : IPartFinder
{
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(20);

    private readonly Regex _regex = new(pattern, RegexOptions.CultureInvariant | RegexOptions.Compiled, MostTime);

    /// <inheritdoc/>
    public IEnumerable<(int Start, int Length)> Find(Piece piece)
    {
        var hasPairs = piece.Span.ContainsAnyInRange('\ud800', '\udfff');
        var text = hasPairs ? CodePointText.Of(piece.Span) : piece.Span.ToString();
        var matches = new List<(int Start, int Length)>();
        try
        {
            foreach (var match in _regex.EnumerateMatches(text))
            {
                matches.Add((match.Index, match.Length));
            }
        }
        catch (RegexMatchTimeoutException)
        {
            throw source.Error($"took more than {MostTime.TotalSeconds} s on one text; is it a pattern that backtracks without end?");
        }

        return hasPairs ? InUnits(matches, piece) : matches;
    }

    // From code points to UTF-16 units.
    private static List<(int Start, int Length)> InUnits(List<(int Start, int Length)> matches, Piece piece)
    {
        var (unit, point) = (0, 0);
        return matches.ConvertAll(match =>
        {
            Advance(match.Start);
            var start = unit;
            Advance(match.Start + match.Length);
            return (start, unit - start);
        });

        void Advance(int to)
        {
            for (; point < to; point++)
            {
                unit += char.IsHighSurrogate(piece.Span[unit]) ? 2 : 1;
            }
        }
    }

    /// <summary>Reads <c>{"String": ...}</c> or <c>{"Regex": ...}</c>.</summary>
    /// <exception cref="DataException">It is neither, or a pattern that is not supported.</exception>
    public static IPartFinder Read(JsonSection section)
    {
        if (section.Value.ValueKind == System.Text.Json.JsonValueKind.String || section.Optional("String") is not null)
        {
            var text = section.Value.ValueKind == System.Text.Json.JsonValueKind.String ? section.Text() : section.Text("String");
            return text.Length > 0 ? new TextFinder(text) : throw section.Error("is empty");
        }

        var regex = section.Required("Regex");
        var translated = PatternTranslator.Translate(regex.Text(), out var problem) ?? throw regex.Error(problem);
        try
        {
            return new PatternFinder(translated, regex);
        }
        catch (ArgumentException error)
        {
            throw regex.Error($"is no pattern ({error.Message.ReplaceLineEndings(" ")})");
        }
    }
}
