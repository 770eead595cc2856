namespace RolloutLab.Data.Jinja;

/// <summary>The filters that go over the items of a list.</summary>
/// <param name="meter">Bounds the work.</param>
internal sealed class ListFilters(Meter meter)
{
    private readonly Members _members = new(meter);
    private readonly Tests _tests = new(meter);

    public JinjaList Map(object? value, Arguments arguments, Filters filters)
    {
        var items = Sequences.Iterate(value, meter);
        if (arguments.Positional.Count == 0)
        {
            var bound = arguments.Bind("attribute", "default");
            return new JinjaList(items.Select(item => Attribute(item, bound[0].Or(null)) is var found && found is Undefined ? bound[1].Or(found) : found));
        }

        var filter = arguments.Positional[0].Text("the filter to map");
        if (!Filters.IsKnown(filter))
        {
            throw new JinjaException($"the filter '{filter}' is not supported; supported are {Filters.Names}");
        }

        var rest = new Arguments($"the filter '{filter}'", [.. arguments.Positional.Skip(1)], arguments.Named);
        return new JinjaList(items.Select(item => filters.Apply(filter, item, rest)));
    }

    public JinjaList Select(object? value, Arguments arguments, bool keep) =>
        new(Sequences.Iterate(value, meter).Where(item => Holds(item, arguments, skip: 0) == keep));

    public JinjaList SelectAttribute(object? value, Arguments arguments, bool keep) => arguments.Positional.Count > 0
        ? new(Sequences.Iterate(value, meter).Where(item => Holds(Attribute(item, arguments.Positional[0]), arguments, skip: 1) == keep))
        : throw new JinjaException($"{arguments.Callee} needs the attribute's name");

    /// <summary><c>sort</c>, <c>unique</c>, <c>min</c> and <c>max</c>: strings without regard to case unless asked.</summary>
    public object? Ordered(string filter, object? value, Arguments arguments)
    {
        var bound = filter == "sort" ? arguments.Bind("reverse", "case_sensitive", "attribute") : arguments.Bind("case_sensitive", "attribute");
        var (caseSensitive, attribute) = (Operators.IsTrue(bound[^2].Or(false)), bound[^1].Or(null));
        var keyed = Sequences.Iterate(value, meter).Select(item => (Item: item, Key: Key(attribute is null ? item : Attribute(item, attribute), caseSensitive))).ToList();
        if (filter == "unique")
        {
            return Unique(keyed);
        }

        var order = Comparer<object?>.Create((l, r) => Operators.Order(l, r, filter, meter));
        if (filter == "sort")
        {
            var sorted = Operators.IsTrue(bound[0].Or(false)) ? keyed.OrderByDescending(k => k.Key, order) : keyed.OrderBy(k => k.Key, order);
            return new JinjaList(Sorted(() => sorted.Select(k => k.Item).ToList()));
        }

        return keyed.Count == 0
            ? new Undefined("the list is empty")
            : Sorted(() => filter == "min" ? keyed.MinBy(k => k.Key, order).Item : keyed.MaxBy(k => k.Key, order).Item);
    }

    public JinjaList SortDictionary(object? value, Arguments arguments)
    {
        var bound = arguments.Bind("case_sensitive", "by", "reverse");
        var (caseSensitive, byValue) = (Operators.IsTrue(bound[0].Or(false)), bound[1].Or("key") is "value");
        var pairs = value is JinjaDict dictionary ? _members.Pairs(dictionary) : throw new JinjaException("dictsort needs a dictionary");
        var order = Comparer<object?>.Create((l, r) => Operators.Order(l, r, "dictsort", meter));
        var sorted = Sorted(() => pairs.OrderBy(pair => Key(((JinjaList)pair!)[byValue ? 1 : 0], caseSensitive), order).ToList());
        if (Operators.IsTrue(bound[2].Or(false)))
        {
            sorted.Reverse();
        }

        return new JinjaList(sorted);
    }

    public object? Sum(object? value, Arguments arguments)
    {
        var bound = arguments.Bind("attribute", "start");
        var attribute = bound[0].Or(null);
        return Sequences.Iterate(value, meter)
            .Aggregate(bound[1].Or(0L), (sum, item) => Operators.Arithmetic("+", sum, attribute is null ? item : Attribute(item, attribute), meter));
    }

    public string Join(object? value, Arguments arguments)
    {
        var bound = arguments.Bind("d", "attribute");
        var items = bound[1].Or(null) is { } attribute
            ? new JinjaList(Sequences.Iterate(value, meter).Select(item => Attribute(item, attribute)))
            : value;
        return StringMethods.Join(PythonText.Str(bound[0].Or(string.Empty)), items, meter);
    }

    private bool Holds(object? value, Arguments arguments, int skip)
    {
        meter.Work();
        if (arguments.Positional.Count <= skip)
        {
            return Operators.IsTrue(value);
        }

        var test = arguments.Positional[skip].Text("the test");
        var known = test switch
        {
            "==" => "eq",
            "!=" => "ne",
            "<" => "lt",
            "<=" => "le",
            ">" => "gt",
            ">=" => "ge",
            _ => test,
        };
        return Tests.IsKnown(known)
            ? _tests.Holds(known, value, new Arguments($"the test '{test}'", [.. arguments.Positional.Skip(skip + 1)], arguments.Named))
            : throw new JinjaException($"the test '{test}' is not supported; supported are {Tests.Names}");
    }

    // Items first, as with a subscript; dots go deeper and digits are positions.
    private object? Attribute(object? item, object? path)
    {
        meter.Work();
        if (path is long)
        {
            return _members.Item(item, path);
        }

        foreach (var part in path.Text("the attribute").Split('.'))
        {
            item = _members.Item(item, part.Length > 0 && part.All(char.IsAsciiDigit) && long.TryParse(part, out var at) ? at : part);
        }

        return item;
    }

    private static object? Key(object? value, bool caseSensitive) => value is string text && !caseSensitive ? text.ToLowerInvariant() : value;

    private JinjaList Unique(List<(object? Item, object? Key)> keyed)
    {
        // Strings, the usual case, by a set; anything else by comparing.
        var texts = new HashSet<string>(StringComparer.Ordinal);
        var others = new List<object?>();
        var unique = new JinjaList();
        foreach (var (item, key) in keyed)
        {
            var isNew = key is string text ? texts.Add(text) : !others.Any(other => Operators.AreEqual(other, key, meter));
            if (isNew)
            {
                unique.Add(item);
                others.AddRange(key is string ? [] : [key]);
            }
        }

        return unique;
    }

    // A comparison that fails inside a sort arrives wrapped.
    private static T Sorted<T>(Func<T> sort)
    {
        try
        {
            return sort();
        }
        catch (InvalidOperationException error) when (error.InnerException is JinjaException inner)
        {
            throw new JinjaException(inner.Message);
        }
    }
}
