using System.Diagnostics.CodeAnalysis;

namespace RolloutLab.Recipes;

/// <summary>Binds a section of a document: takes the values written, fills in defaults, collects errors.</summary>
internal sealed class BindingReader : SectionReader
{
    private readonly SectionNode _section;
    private readonly string _path;
    private readonly RecipeErrors _errors;
    private readonly List<string> _known = [];

    /// <param name="section">The section as written.</param>
    /// <param name="path">Its path in the recipe; empty for the root.</param>
    /// <param name="errors">Collects what is wrong.</param>
    public BindingReader(SectionNode section, string path, RecipeErrors errors) =>
        (_section, _path, _errors) = (section, path, errors);

    public override ResolvedSection Resolved { get; } = new();

    /// <summary>Reports the keys that nothing has asked for. To be called when the section has been read.</summary>
    public void Finish()
    {
        foreach (SectionEntry entry in _section.Entries.Where(e => !_known.Contains(e.Key)))
        {
            _errors.Add(entry.Location, () => $"{DisplayText.Shorten(PathOf(entry.Key))}: unknown key; {SuggestFor(entry.Key)}");
        }
    }

    public override T Section<T>(string key, string doc, Func<SectionReader, T> read) =>
        TryFind(key, out SectionEntry? entry) && TryGetSection(entry, out SectionNode? section)
            ? Bind(key, section, read)
            : Bind(key, new SectionNode(entry?.Location ?? _section.Location, []), read);

    public override T? OptionalSection<T>(string key, string doc, Func<SectionReader, T> read)
        where T : class
    {
        if (TryFind(key, out SectionEntry? entry) && entry.Value is not ScalarNode { IsNull: true }
            && TryGetSection(entry, out SectionNode? section))
        {
            return Bind(key, section, read);
        }

        Resolved.Add(key, "null", "null");
        return null;
    }

    public override IReadOnlyList<(string Name, T Value)> NamedSections<T>(string key, string doc, Func<SectionReader, T> read, bool isOptional = false)
    {
        bool isGiven = TryFind(key, out SectionEntry? entry);
        if (isOptional && (!isGiven || entry!.Value is ScalarNode { IsNull: true }))
        {
            Resolved.Add(key, "null", "null");
            return [];
        }

        if (!isGiven || !TryGetSection(entry!, out SectionNode? section) || section.Entries.Count == 0)
        {
            AddMissing(key, "section of names, each with a section", doc);
            return [];
        }

        var named = new List<(string Name, T Value)>();
        var reader = new BindingReader(section, PathOf(key), _errors);
        foreach (SectionEntry inner in section.Entries)
        {
            if (!inner.Key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            {
                _errors.Add(inner.Location, () => $"{DisplayText.Shorten(reader.PathOf(inner.Key))}: a name is made of letters, digits, - and _");
            }

            named.Add((inner.Key, reader.Section(inner.Key, doc, read)));
        }

        Resolved.Add(key, reader.Resolved);
        return named;
    }

    public override T Variant<T>(string doc, string? fallback, params (string Type, Func<SectionReader, T> Read)[] variants)
    {
        string[] types = [.. variants.Select(v => v.Type)];
        string type = fallback ?? types[0];
        if (TryFind("type", out SectionEntry? entry))
        {
            type = entry.Value is ScalarNode scalar ? scalar.Value : "";
            if (!types.Contains(type))
            {
                AddProblem(entry, Conversions.ChoiceRule(type, types));
                return ReadIgnoringErrors(variants[0].Read);
            }
        }
        else if (fallback is null)
        {
            AddMissing("type", $"one of {string.Join(", ", types)}", doc);
            return ReadIgnoringErrors(variants[0].Read);
        }

        Resolved.Add("type", type, type);
        return variants.First(v => v.Type == type).Read(this);
    }

    public override void Check(Func<bool> rule, string path, Func<string> problem)
    {
        if (_errors.Any || rule())
        {
            return;
        }

        string value = Resolved.Find(path) is { Length: > 0 } yaml and not "null" ? $" = {DisplayText.Shorten(yaml)}" : "";
        _errors.Add(LocationOf(path), $"{PathOf(path)}{value}: {problem()}");
    }

    protected override T Value<T>(KeySpec<T> spec)
    {
        T value = spec.Default;
        if (TryFind(spec.Key, out SectionEntry? entry))
        {
            Conversion<T> converted = spec.Convert(entry.Value);
            if (converted.Problem is null)
            {
                value = converted.Value;
            }
            else
            {
                AddProblem(entry, converted.Problem);
            }
        }
        else if (!spec.HasDefault)
        {
            AddMissing(spec.Key, spec.Type, spec.Doc);
        }

        Resolved.Add(spec.Key, spec.Format(value), (spec.FormatForHash ?? spec.Format)(value));
        return value;
    }

    private T Bind<T>(string key, SectionNode section, Func<SectionReader, T> read)
    {
        var reader = new BindingReader(section, PathOf(key), _errors);
        T value = read(reader);
        reader.Finish();
        Resolved.Add(key, reader.Resolved);
        return value;
    }

    // Without a valid type nobody can say which keys belong here, so only the type's own error is of use.
    private T ReadIgnoringErrors<T>(Func<SectionReader, T> read)
    {
        _known.AddRange(_section.Entries.Select(e => e.Key));
        return read(new BindingReader(new SectionNode(_section.Location, []), _path, new RecipeErrors()));
    }

    private bool TryFind(string key, [NotNullWhen(true)] out SectionEntry? entry)
    {
        _known.Add(key);
        entry = _section.Find(key);
        return entry is not null;
    }

    private bool TryGetSection(SectionEntry entry, [NotNullWhen(true)] out SectionNode? section)
    {
        section = entry.Value is SectionNode found ? found with { Location = entry.Location } : null;
        if (section is null && entry.Value is not ScalarNode { IsNull: true })
        {
            AddProblem(entry, "must be a section (keys with values)");
        }

        return section is not null;
    }

    private void AddProblem(SectionEntry entry, string problem) =>
        _errors.Add(entry.Location, () => $"{PathOf(entry.Key)} = {entry.Value.Display}: {problem}");

    private void AddMissing(string key, string type, string doc) =>
        _errors.Add(_section.Location, () => $"{PathOf(key)}: missing; set it to {Article(type)} ({doc.TrimEnd('.')})");

    private static string Article(string type) => type switch
    {
        _ when type.StartsWith("one of", StringComparison.Ordinal) => type,
        "integer" => "an integer",
        "text" => "text",
        _ => $"a {type}",
    };

    private string SuggestFor(string key)
    {
        if (NearestName.Find(key, _known) is { } nearest)
        {
            return $"did you mean {PathOf(nearest)}?";
        }

        // The same key of another type of this section comes before one of another section.
        if (RecipeSchema.Describe().Where(e => KeyPath.Leaf(e.Path) == key).MinBy(e => e.Path == PathOf(key) ? 0 : 1) is not { } elsewhere)
        {
            return $"known here: {string.Join(", ", _known)}";
        }

        if (elsewhere.Path == PathOf(key))
        {
            return $"it belongs to {elsewhere.When}; remove it, or set the section whole: {_path}={{ type: ... }}";
        }

        return $"did you mean {elsewhere.Path}{(elsewhere.When.Length > 0 ? $" (with {elsewhere.When})" : "")}?";
    }

    private string PathOf(string key) => KeyPath.Join(_path, key);

    /// <summary>Where a key below this section was written, or the innermost section around it that was.</summary>
    private SourceLocation LocationOf(string path)
    {
        (SectionNode section, SourceLocation location) = (_section, _section.Location);
        foreach (string key in path.Split('.'))
        {
            if (section.Find(key) is not { } entry)
            {
                break;
            }

            location = entry.Location;
            section = entry.Value as SectionNode ?? new SectionNode(location, []);
        }

        return location;
    }
}
