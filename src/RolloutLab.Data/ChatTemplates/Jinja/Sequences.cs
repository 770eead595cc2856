namespace RolloutLab.Data.Jinja;

/// <summary>Items, lengths and slices, with strings as sequences of code points, as in Python.</summary>
internal static class Sequences
{
    /// <summary>What a loop goes over: items, keys of a dictionary, characters of a string, nothing where undefined.</summary>
    public static IReadOnlyList<object?> Iterate(object? value, Meter meter)
    {
        switch (value)
        {
            case JinjaList list:
                meter.Work(list.Count);
                return list;
            case JinjaDict dictionary:
                meter.Work(dictionary.Count);
                return [.. dictionary.Keys];
            case string text:
                return Characters(text, meter);
            case Undefined:
                return [];
            default:
                throw new JinjaException($"{PythonText.TypeName(value)} cannot be looped over");
        }
    }

    public static long Length(object? value) => value switch
    {
        string text => CodePoints(text),
        JinjaList list => list.Count,
        JinjaDict dictionary => dictionary.Count,
        Undefined => 0,
        _ => throw new JinjaException($"{PythonText.TypeName(value)} has no length"),
    };

    /// <summary>An item by index, from the end when negative; undefined where there is none.</summary>
    public static object? At(object? target, long index, Meter meter)
    {
        if (target is string text && !text.AsSpan().ContainsAnyInRange('\ud800', '\udfff'))
        {
            index += index < 0 ? text.Length : 0;
            return index >= 0 && index < text.Length ? text[(int)index].ToString() : new Undefined("the string has no such position");
        }

        var items = Iterate(target, meter);
        index += index < 0 ? items.Count : 0;
        return index >= 0 && index < items.Count ? items[(int)index] : new Undefined($"{PythonText.TypeName(target)} has no item {index}");
    }

    /// <summary>Python's <c>target[start:stop:step]</c>.</summary>
    public static object? Slice(object? target, long? start, long? stop, long? step, Meter meter)
    {
        if (target is not (string or JinjaList))
        {
            throw new JinjaException($"{PythonText.TypeName(target)} cannot be sliced");
        }

        var items = Iterate(target, meter);
        var by = step ?? 1;
        if (by == 0)
        {
            throw new JinjaException("a slice needs a step other than 0");
        }

        var (low, high) = by > 0 ? (0L, (long)items.Count) : (-1L, items.Count - 1L);
        var from = Clamp(start, by > 0 ? low : high);
        var to = Clamp(stop, by > 0 ? high : low);
        var taken = new JinjaList { IsTuple = target is JinjaList { IsTuple: true } };
        for (var at = from; by > 0 ? at < to : at > to; at = by > items.Count ? to : by < -items.Count ? to : at + by)
        {
            taken.Add(items[(int)at]);
        }

        return target is string ? meter.Produced(string.Concat(taken)) : taken;

        long Clamp(long? bound, long missing) =>
            bound is not { } value ? missing : Math.Clamp(value < 0 ? Math.Max(value, -items.Count - 1L) + items.Count : value, low, high);
    }

    private static List<object?> Characters(string text, Meter meter)
    {
        meter.Work(text.Length);
        var characters = new List<object?>(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var length = at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
            characters.Add(text.Substring(at, length));
            at += length;
        }

        return characters;
    }

    private static long CodePoints(string text)
    {
        var count = 0L;
        foreach (var c in text)
        {
            count += char.IsLowSurrogate(c) ? 0 : 1;
        }

        return count;
    }
}
