using System.Buffers;
using System.Text;

namespace RolloutLab.Data.Jinja;

/// <summary>The methods of strings, as Python's.</summary>
internal static class StringMethods
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029");

    /// <summary>A method bound to a string; null where strings have none of that name.</summary>
    public static JinjaFunction? Find(string text, string name, Meter meter)
    {
        Func<Arguments, object?>? body = name switch
        {
            "strip" => a => meter.Produced(Strip(text, a, start: true, end: true)),
            "lstrip" => a => meter.Produced(Strip(text, a, start: true, end: false)),
            "rstrip" => a => meter.Produced(Strip(text, a, start: false, end: true)),
            "split" => a => Split(text, a, fromEnd: false, meter),
            "rsplit" => a => Split(text, a, fromEnd: true, meter),
            "splitlines" => a => SplitLines(text, a, meter),
            "startswith" => a => HasAffix(a, affix => text.StartsWith(affix, StringComparison.Ordinal)),
            "endswith" => a => HasAffix(a, affix => text.EndsWith(affix, StringComparison.Ordinal)),
            "removeprefix" => a => a.One("prefix").Text("the prefix") is var p && text.StartsWith(p, StringComparison.Ordinal) ? text[p.Length..] : text,
            "removesuffix" => a => a.One("suffix").Text("the suffix") is var s && text.EndsWith(s, StringComparison.Ordinal) ? text[..^s.Length] : text,
            "replace" => a => Replace(text, a, meter),
            "upper" => Plain(() => text.ToUpperInvariant()),
            "lower" => Plain(() => text.ToLowerInvariant()),
            "title" => Plain(() => Title(text)),
            "capitalize" => Plain(() => Capitalize(text)),
            "join" => a => Join(text, a.One("iterable"), meter),
            "find" => a => Find(text, a.One("sub").Text("what is looked for"), last: false),
            "rfind" => a => Find(text, a.One("sub").Text("what is looked for"), last: true),
            "count" => a => Count(text, a.One("sub").Text("what is counted")),
            "isdigit" => Plain(() => text.Length > 0 && text.All(char.IsDigit)),
            "isalpha" => Plain(() => text.Length > 0 && text.All(char.IsLetter)),
            "isspace" => Plain(() => text.Length > 0 && text.All(CharacterClass.IsPythonSpace)),
            _ => null,
        };
        return body is null ? null : new JinjaFunction("string." + name, a => Metered(a, body));

        object? Metered(Arguments arguments, Func<Arguments, object?> method)
        {
            meter.Work(text.Length / 16);
            return method(arguments);
        }

        Func<Arguments, object?> Plain(Func<object?> method) => arguments =>
        {
            arguments.None();
            meter.Produce(text.Length);
            return method();
        };
    }

    /// <summary>Python's <c>title</c>: each run of letters begins with a capital.</summary>
    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        var inWord = false;
        foreach (var rune in text.EnumerateRunes())
        {
            result.Append((inWord ? Rune.ToLowerInvariant(rune) : Rune.ToUpperInvariant(rune)).ToString());
            inWord = Rune.IsLetter(rune);
        }

        return result.ToString();
    }

    /// <summary>A capital, then small letters.</summary>
    public static string Capitalize(string text)
    {
        var first = text.Length > 1 && char.IsSurrogatePair(text[0], text[1]) ? 2 : Math.Min(1, text.Length);
        return text[..first].ToUpperInvariant() + text[first..].ToLowerInvariant();
    }

    /// <summary>The texts of items, with a separator between.</summary>
    public static string Join(string separator, object? items, Meter meter)
    {
        var texts = Sequences.Iterate(items, meter).Select(PythonText.Str).ToList();
        meter.Produce(texts.Sum(t => (long)t.Length + separator.Length));
        return string.Join(separator, texts);
    }

    /// <summary>White space, or the given characters, taken from the ends.</summary>
    public static string Strip(string text, object? characters, bool start, bool end)
    {
        var set = characters is null ? null : characters.Text("the characters to strip");
        var (from, to) = (0, text.Length);
        while (start && from < to && Strips(text[from]))
        {
            from++;
        }

        while (end && to > from && Strips(text[to - 1]))
        {
            to--;
        }

        return text[from..to];

        bool Strips(char c) => set?.Contains(c, StringComparison.Ordinal) ?? CharacterClass.IsPythonSpace(c);
    }

    /// <summary>At most <paramref name="limit"/> occurrences replaced; all where it is negative.</summary>
    public static string Replace(string text, string old, string by, long limit, Meter meter)
    {
        var result = new StringBuilder();
        var at = 0;
        for (; limit != 0 && at <= text.Length; limit--)
        {
            var found = text.IndexOf(old, at, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            // An empty string is found before every character and at the end.
            var copied = old.Length == 0 ? Math.Min(found + 1, text.Length) : found;
            _ = old.Length == 0 ? result.Append(by).Append(text, at, copied - at) : result.Append(text, at, copied - at).Append(by);
            at = old.Length == 0 && found == text.Length ? text.Length + 1 : copied + old.Length;
            meter.Work();
            if (result.Length > Meter.MaxText)
            {
                break;
            }
        }

        result.Append(text, Math.Min(at, text.Length), text.Length - Math.Min(at, text.Length));
        return meter.Produced(result.ToString());
    }

    private static string Strip(string text, Arguments arguments, bool start, bool end) => Strip(text, arguments.Bind("chars")[0].Or(null), start, end);

    private static string Replace(string text, Arguments arguments, Meter meter)
    {
        var bound = arguments.Bind("old", "new", "count");
        return Replace(text, bound[0].Text("what is replaced"), bound[1].Text("the replacement"), bound[2].Or(-1L).Integer("the count"), meter);
    }

    private static bool HasAffix(Arguments arguments, Func<string, bool> has) => arguments.One("affix") switch
    {
        JinjaList { IsTuple: true } several => several.Any(affix => has(affix.Text("each affix"))),
        var affix => has(affix.Text("the affix")),
    };

    private static long Find(string text, string sought, bool last)
    {
        var at = last ? text.LastIndexOf(sought, StringComparison.Ordinal) : text.IndexOf(sought, StringComparison.Ordinal);
        return at < 0 ? -1L : Sequences.Length(text[..at]);
    }

    private static long Count(string text, string sought)
    {
        if (sought.Length == 0)
        {
            return Sequences.Length(text) + 1;
        }

        var count = 0L;
        for (var at = text.IndexOf(sought, StringComparison.Ordinal); at >= 0; at = text.IndexOf(sought, at + sought.Length, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }

    private static JinjaList SplitLines(string text, Arguments arguments, Meter meter)
    {
        var keep = Operators.IsTrue(arguments.Bind("keepends")[0].Or(false));
        var lines = new JinjaList();
        for (var at = 0; at < text.Length;)
        {
            var end = text.AsSpan(at).IndexOfAny(LineEnds);
            var stop = end < 0 ? text.Length : at + end;
            var next = end < 0 ? stop : stop + (text[stop] == '\r' && stop + 1 < text.Length && text[stop + 1] == '\n' ? 2 : 1);
            lines.Add(text[at..(keep ? next : stop)]);
            meter.Work();
            at = next;
        }

        meter.Produce(text.Length);
        return lines;
    }

    private static JinjaList Split(string text, Arguments arguments, bool fromEnd, Meter meter)
    {
        var bound = arguments.Bind("sep", "maxsplit");
        var separator = bound[0].Or(null)?.Text("the separator");
        var limit = bound[1].Or(-1L).Integer("maxsplit");
        if (separator is { Length: 0 })
        {
            throw new JinjaException("split needs a separator that is not empty");
        }

        meter.Produce(text.Length);
        var most = limit < 0 ? int.MaxValue : (int)Math.Min(limit, int.MaxValue - 1);
        var parts = fromEnd ? SplitFromEnd(text, separator, most) : SplitFromStart(text, separator, most);
        meter.Work(parts.Count);
        return new JinjaList(parts);
    }

    private static List<string> SplitFromStart(string text, string? separator, int most)
    {
        var parts = new List<string>();
        var rest = separator is null ? text[CharacterClass.LeadingSpaces(text)..] : text;
        var at = 0;
        while (parts.Count < most)
        {
            var found = separator is null ? IndexOfSpace(rest, at) : rest.IndexOf(separator, at, StringComparison.Ordinal);
            if (found < 0)
            {
                break;
            }

            parts.Add(rest[at..found]);
            at = found + (separator?.Length ?? CharacterClass.LeadingSpaces(rest.AsSpan(found)));
        }

        // Without a separator, white space at the end starts no empty part.
        if (separator is not null || at < rest.Length)
        {
            parts.Add(separator is null && parts.Count < most ? rest[at..].TrimEnd() : rest[at..]);
        }

        return parts;
    }

    private static List<string> SplitFromEnd(string text, string? separator, int most)
    {
        var parts = new List<string>();
        var end = text.Length - (separator is null ? CharacterClass.TrailingSpaces(text) : 0);
        while (parts.Count < most)
        {
            var found = separator is null ? LastSpace(text, end) : LastIndex(text, separator, end);
            if (found < 0)
            {
                break;
            }

            var after = found + (separator?.Length ?? 1);
            parts.Add(text[after..end]);
            end = separator is null ? found + 1 - CharacterClass.TrailingSpaces(text.AsSpan(0, found + 1)) : found;
        }

        if (separator is not null || end > 0)
        {
            parts.Add(text[..end]);
        }

        parts.Reverse();
        return parts;
    }

    private static int IndexOfSpace(string text, int from)
    {
        for (var at = from; at < text.Length; at++)
        {
            if (CharacterClass.IsPythonSpace(text[at]))
            {
                return at;
            }
        }

        return -1;
    }

    private static int LastSpace(string text, int end)
    {
        for (var at = end - 1; at >= 0; at--)
        {
            if (CharacterClass.IsPythonSpace(text[at]))
            {
                return at;
            }
        }

        return -1;
    }

    private static int LastIndex(string text, string separator, int end) => text.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal);
}
