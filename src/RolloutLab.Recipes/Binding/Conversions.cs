namespace RolloutLab.Recipes;

/// <summary>Gives document nodes their meaning; a node that has none names the rule it breaks.</summary>
internal static class Conversions
{
    public static Conversion<double> Number(DocumentNode node, NumberRange range)
    {
        if (node is not ScalarNode { IsQuoted: false } scalar || !ScalarFormat.TryReadNumber(scalar.Value, out double value)
            || Math.Abs(value) > float.MaxValue)
        {
            return Conversion<double>.Failed("must be a finite number" + WithoutQuotes(node));
        }

        return range.Contains(value) ? new(value, null) : Conversion<double>.Failed($"must be {range.Text}");
    }

    public static Conversion<long> Integer(DocumentNode node, NumberRange range, long max)
    {
        if (node is not ScalarNode { IsQuoted: false } scalar || !ScalarFormat.TryReadInteger(scalar.Value, out long value))
        {
            return Conversion<long>.Failed("must be an integer" + WithoutQuotes(node));
        }

        if (!range.Contains(value))
        {
            return Conversion<long>.Failed($"must be {range.Text}");
        }

        return value <= max ? new(value, null) : Conversion<long>.Failed($"must be at most {max}");
    }

    public static Conversion<bool> Flag(DocumentNode node) => node switch
    {
        ScalarNode { IsQuoted: false, Value: "true" } => new(true, null),
        ScalarNode { IsQuoted: false, Value: "false" } => new(false, null),
        _ => Conversion<bool>.Failed("must be true or false"),
    };

    public static Conversion<bool?> OptionalFlag(DocumentNode node)
    {
        if (node is ScalarNode { IsNull: true })
        {
            return new(null, null);
        }

        var flag = Flag(node);
        return new(flag.Value, flag.Problem is null ? null : "must be true, false or null");
    }

    public static Conversion<ValueList<string>> Texts(DocumentNode node)
    {
        if (node is not ListNode list)
        {
            return Conversion<ValueList<string>>.Failed("must be a list of texts, such as [level, subject]");
        }

        Conversion<string>[] items = [.. list.Items.Select(Text)];
        return items.FirstOrDefault(item => item.Problem is not null).Problem is { } problem ? Conversion<ValueList<string>>.Failed($"each item {problem}")
            : items.DistinctBy(item => item.Value).Count() < items.Length ? Conversion<ValueList<string>>.Failed("must not have an item twice")
            : new([.. items.Select(item => item.Value)], null);
    }

    public static Conversion<string> Text(DocumentNode node) => node is ScalarNode { IsNull: false, Value.Length: > 0 } scalar
        ? new(scalar.Value, null)
        : Conversion<string>.Failed("must be text, not empty");

    public static Conversion<string> Template(DocumentNode node, string placeholder)
    {
        Conversion<string> text = Text(node);
        return text.Problem is null && !text.Value.Contains(placeholder, StringComparison.Ordinal)
            ? Conversion<string>.Failed($"must contain {placeholder}")
            : text;
    }

    public static Conversion<RecipePath> Path(DocumentNode node, string baseFolder)
    {
        Conversion<string> text = Text(node);
        return text.Problem is null && !text.Value.Contains('\0', StringComparison.Ordinal)
            ? new(RecipePath.Resolve(text.Value, baseFolder), null)
            : Conversion<RecipePath>.Failed("must be a path");
    }

    public static Func<DocumentNode, Conversion<T?>> Optional<T>(Func<DocumentNode, Conversion<T>> convert)
        where T : class => node =>
    {
        if (node is ScalarNode { IsNull: true })
        {
            return new(null, null);
        }

        Conversion<T> converted = convert(node);
        return new(converted.Value, converted.Problem);
    };

    public static Conversion<ValueList<int>> Integers(DocumentNode node, NumberRange range)
    {
        if (node is not ListNode { Items.Count: > 0 } list)
        {
            return Conversion<ValueList<int>>.Failed("must be a list of integers, such as [1, 4, 16]");
        }

        Conversion<long>[] items = [.. list.Items.Select(item => Integer(item, range, int.MaxValue))];
        if (items.FirstOrDefault(item => item.Problem is not null).Problem is { } problem)
        {
            return Conversion<ValueList<int>>.Failed($"each item {problem}");
        }

        int[] values = [.. items.Select(item => (int)item.Value)];
        return values.Distinct().Count() == values.Length
            ? new(ValueList.Create<int>(values), null)
            : Conversion<ValueList<int>>.Failed("must not repeat an item");
    }

    public static Conversion<ValueList<T>> Choices<T>(DocumentNode node, (string Name, T Value)[] choices)
    {
        if (node is not ListNode list)
        {
            return Conversion<ValueList<T>>.Failed($"must be a list of words, such as [{choices[0].Name}]");
        }

        Conversion<T>[] items = [.. list.Items.Select(item => Choice(item, choices))];
        if (items.FirstOrDefault(item => item.Problem is not null).Problem is { } problem)
        {
            return Conversion<ValueList<T>>.Failed($"each item {problem}");
        }

        T[] values = [.. items.Select(item => item.Value)];
        return values.Distinct().Count() == values.Length
            ? new(ValueList.Create<T>(values), null)
            : Conversion<ValueList<T>>.Failed("must not repeat an item");
    }

    public static Conversion<ValueList<string>> Words(DocumentNode node, string all, string[] words)
    {
        if (node is ScalarNode { IsNull: false } scalar && scalar.Value == all)
        {
            return new(ValueList.Create<string>(words), null);
        }

        if (node is not ListNode { Items.Count: > 0 } list)
        {
            return Conversion<ValueList<string>>.Failed($"must be {all} or a list of {string.Join(", ", words)}");
        }

        string[] values = [.. list.Items.Select(item => item is ScalarNode { IsNull: false } word ? word.Value : item.Display)];
        if (values.FirstOrDefault(value => !words.Contains(value)) is { } unknown)
        {
            return Conversion<ValueList<string>>.Failed($"has '{DisplayText.Shorten(unknown)}', which is none of {string.Join(", ", words)}");
        }

        return values.Distinct().Count() == values.Length
            ? new(ValueList.Create<string>([.. words.Where(values.Contains)]), null)
            : Conversion<ValueList<string>>.Failed("must not repeat an item");
    }

    public static Conversion<ValueList<double>> Numbers(DocumentNode node, NumberRange range)
    {
        if (node is not ListNode { Items.Count: > 0 } list)
        {
            return Conversion<ValueList<double>>.Failed("must be a list of numbers, such as [1, 0.5]");
        }

        Conversion<double>[] items = [.. list.Items.Select(item => Number(item, range))];
        return items.FirstOrDefault(item => item.Problem is not null).Problem is { } problem
            ? Conversion<ValueList<double>>.Failed($"each item {problem}")
            : new(ValueList.Create<double>([.. items.Select(item => item.Value)]), null);
    }

    /// <summary>A list of sections; one section stands for a list of it, null for none.</summary>
    public static Conversion<ValueList<T>> Sections<T>(DocumentNode node, Func<DocumentNode, Conversion<T>> convert)
    {
        if (node is ScalarNode { IsNull: true })
        {
            return new([], null);
        }

        Conversion<T>[] items = [.. (node as ListNode)?.Items.Select(convert) ?? [convert(node)]];
        int wrong = Array.FindIndex(items, item => item.Problem is not null);
        return wrong < 0 ? new(ValueList.Create<T>([.. items.Select(item => item.Value)]), null)
            : Conversion<ValueList<T>>.Failed(node is ListNode ? $"item {wrong + 1}: {items[wrong].Problem}" : items[wrong].Problem!);
    }

    public static Conversion<T> Choice<T>(DocumentNode node, (string Name, T Value)[] choices)
    {
        string written = node is ScalarNode scalar ? scalar.Value : "";
        foreach ((string name, T value) in choices)
        {
            if (name == written)
            {
                return new(value, null);
            }
        }

        return Conversion<T>.Failed(ChoiceRule(written, [.. choices.Select(c => c.Name)]));
    }

    /// <summary>The rule that a value must be one of some words, with the one that was probably meant.</summary>
    public static string ChoiceRule(string written, IReadOnlyList<string> choices)
    {
        string rule = choices.Count == 1 ? $"must be {choices[0]}" : $"must be one of {string.Join(", ", choices)}";
        return choices.Count > 1 && NearestName.Find(written, choices) is { } nearest ? $"{rule}; did you mean {nearest}?" : rule;
    }

    private static string WithoutQuotes(DocumentNode node) => node is ScalarNode { IsQuoted: true } ? ", without quotes" : "";
}
