namespace RolloutLab.Recipes;

/// <summary>
/// What a section is read from. A section names each key once, with default, range and meaning, in the order in which
/// resolved recipes show them; the same calls bind a document or describe the schema, depending on the reader.
/// </summary>
internal abstract class SectionReader
{
    /// <summary>What has been read so far, complete with defaults.</summary>
    public abstract ResolvedSection Resolved { get; }

    /// <summary>A real number; required when <paramref name="fallback"/> is null.</summary>
    public double Number(string key, double? fallback, NumberRange range, string doc, string? fallbackText = null) =>
        Value(new KeySpec<double>
        {
            Key = key,
            Type = "number",
            Rule = range.Text,
            Doc = doc,
            HasDefault = fallback.HasValue,
            Default = fallback ?? 0,
            DefaultText = fallbackText,
            Convert = node => Conversions.Number(node, range),
            Format = ScalarFormat.Write,
        });

    /// <summary>An integer up to 2^31 - 1; required when <paramref name="fallback"/> is null.</summary>
    public int Integer(string key, int? fallback, NumberRange range, string doc, string? fallbackText = null) =>
        (int)Long(key, fallback, range, int.MaxValue, doc, fallbackText);

    /// <summary>An integer up to <paramref name="max"/>; required when <paramref name="fallback"/> is null.</summary>
    public long Long(string key, long? fallback, NumberRange range, long max, string doc, string? fallbackText = null) =>
        Value(new KeySpec<long>
        {
            Key = key,
            Type = "integer",
            Rule = range.Text,
            Doc = doc,
            HasDefault = fallback.HasValue,
            Default = fallback ?? 0,
            DefaultText = fallbackText,
            Convert = node => Conversions.Integer(node, range, max),
            Format = ScalarFormat.Write,
        });

    /// <summary>true or false.</summary>
    public bool Flag(string key, bool fallback, string doc) =>
        Value(new KeySpec<bool>
        {
            Key = key,
            Type = "true or false",
            Doc = doc,
            HasDefault = true,
            Default = fallback,
            Convert = Conversions.Flag,
            Format = ScalarFormat.Write,
        });

    /// <summary>true, false, or null where neither is said.</summary>
    public bool? OptionalFlag(string key, string doc) =>
        Value(new KeySpec<bool?>
        {
            Key = key,
            Type = "true or false",
            Doc = doc,
            HasDefault = true,
            Default = null,
            Convert = Conversions.OptionalFlag,
            Format = value => value is { } said ? ScalarFormat.Write(said) : "null",
        });

    /// <summary>Text that is not empty; required when <paramref name="fallback"/> is null.</summary>
    public string Text(string key, string? fallback, string doc) =>
        Value(new KeySpec<string>
        {
            Key = key,
            Type = "text",
            Doc = doc,
            HasDefault = fallback is not null,
            Default = fallback ?? "",
            Convert = Conversions.Text,
            Format = ScalarFormat.Write,
        });

    /// <summary>Text that may be absent: null.</summary>
    public string? OptionalText(string key, string doc, string? fallback = null, string? fallbackText = null) =>
        Value(new KeySpec<string?>
        {
            Key = key,
            Type = "text",
            Doc = doc,
            HasDefault = true,
            Default = fallback,
            DefaultText = fallbackText,
            Convert = Conversions.Optional(Conversions.Text),
            Format = value => value is null ? "null" : ScalarFormat.Write(value),
        });

    /// <summary>Text with a place for a value.</summary>
    public string Template(string key, string fallback, string placeholder, string doc, string? fallbackText = null) =>
        Value(new KeySpec<string>
        {
            Key = key,
            Type = "text",
            Rule = $"text with {placeholder}",
            Doc = doc,
            HasDefault = true,
            Default = fallback,
            DefaultText = fallbackText,
            Convert = node => Conversions.Template(node, placeholder),
            Format = ScalarFormat.Write,
        });

    /// <summary>
    /// A required file or folder, made absolute: written in a file it starts at that file's folder, on the command
    /// line at the current directory.
    /// </summary>
    public string Path(string key, string doc) =>
        Value(new KeySpec<RecipePath>
        {
            Key = key,
            Type = "path",
            Doc = doc,
            HasDefault = false,
            Default = new RecipePath("", ""),
            Convert = node => Conversions.Path(node, node.Location.BaseFolder),
            Format = path => ScalarFormat.Write(path.Absolute),
            FormatForHash = path => ScalarFormat.Write(path.AsWritten),
        }).Absolute;

    /// <summary>A file or folder that may be absent; otherwise like <see cref="Path"/>.</summary>
    public string? OptionalPath(string key, string doc) =>
        Value(new KeySpec<RecipePath?>
        {
            Key = key,
            Type = "path",
            Doc = doc,
            HasDefault = true,
            Default = null,
            Convert = Conversions.Optional(node => Conversions.Path(node, node.Location.BaseFolder)),
            Format = path => path is null ? "null" : ScalarFormat.Write(path.Absolute),
            FormatForHash = path => path is null ? "null" : ScalarFormat.Write(path.AsWritten),
        })?.Absolute;

    /// <summary>A folder that always starts at the current directory; made absolute.</summary>
    public string WorkingPath(string key, string fallback, string doc) =>
        Value(new KeySpec<RecipePath>
        {
            Key = key,
            Type = "path",
            Doc = doc,
            HasDefault = true,
            Default = RecipePath.Resolve(fallback, Environment.CurrentDirectory),
            DefaultText = fallback,
            Convert = node => Conversions.Path(node, Environment.CurrentDirectory),
            Format = path => ScalarFormat.Write(path.Absolute),
            FormatForHash = path => ScalarFormat.Write(path.AsWritten),
        }).Absolute;

    /// <summary>A list of different integers, not empty.</summary>
    public ValueList<int> Integers(string key, ValueList<int> fallback, NumberRange range, string doc, string? fallbackText = null) =>
        Value(new KeySpec<ValueList<int>>
        {
            Key = key,
            Type = "list of integers",
            Rule = $"different integers, each {range.Text}",
            Doc = doc,
            HasDefault = true,
            Default = fallback,
            DefaultText = fallbackText,
            Convert = node => Conversions.Integers(node, range),
            Format = list => $"[{string.Join(", ", list)}]",
        });

    /// <summary>A list of different texts, each not empty.</summary>
    public ValueList<string> Texts(string key, ValueList<string> fallback, string doc) =>
        Value(new KeySpec<ValueList<string>>
        {
            Key = key,
            Type = "list of text",
            Rule = "different texts, none empty",
            Doc = doc,
            HasDefault = true,
            Default = fallback,
            Convert = Conversions.Texts,
            Format = list => $"[{string.Join(", ", list.Select(ScalarFormat.Write))}]",
        });

    /// <summary>A list of numbers, not empty.</summary>
    public ValueList<double> Numbers(string key, ValueList<double> fallback, NumberRange range, string doc) =>
        Value(new KeySpec<ValueList<double>>
        {
            Key = key,
            Type = "list of numbers",
            Rule = $"numbers, each {range.Text}",
            Doc = doc,
            HasDefault = true,
            Default = fallback,
            Convert = node => Conversions.Numbers(node, range),
            Format = list => $"[{string.Join(", ", list.Select(ScalarFormat.Write))}]",
        });

    /// <summary>One of a few words.</summary>
    public T Choice<T>(string key, T fallback, string doc, params ReadOnlySpan<(string Name, T Value)> choices)
        where T : struct, Enum => DerivedChoice(key, fallback, null, doc, choices);

    /// <summary>One of a few words, whose default depends on other keys and is described by <paramref name="fallbackText"/>.</summary>
    public T DerivedChoice<T>(string key, T fallback, string? fallbackText, string doc, params ReadOnlySpan<(string Name, T Value)> choices)
        where T : struct, Enum
    {
        (string Name, T Value)[] table = choices.ToArray();
        return Value(new KeySpec<T>
        {
            Key = key,
            Type = "choice",
            Choices = [.. table.Select(c => c.Name)],
            Doc = doc,
            HasDefault = true,
            Default = fallback,
            DefaultText = fallbackText,
            Convert = node => Conversions.Choice(node, table),
            Format = value => table.First(c => c.Value.Equals(value)).Name,
        });
    }

    /// <summary>A list of different words, each one of a few, in the order that counts; empty by default.</summary>
    public ValueList<T> Choices<T>(string key, string doc, params ReadOnlySpan<(string Name, T Value)> choices)
        where T : struct, Enum
    {
        (string Name, T Value)[] table = choices.ToArray();
        return Value(new KeySpec<ValueList<T>>
        {
            Key = key,
            Type = "list of words",
            Rule = $"different words of {string.Join(", ", table.Select(c => c.Name))}",
            Doc = doc,
            HasDefault = true,
            Default = [],
            Convert = node => Conversions.Choices(node, table),
            Format = list => $"[{string.Join(", ", list.Select(v => table.First(c => c.Value.Equals(v)).Name))}]",
        });
    }

    /// <summary>A list of different words, each one of a few and at least one, or the word that stands for all of them, which is the default.</summary>
    /// <param name="key">The key.</param>
    /// <param name="all">The word for all.</param>
    /// <param name="doc">What it does.</param>
    /// <param name="words">The words.</param>
    /// <returns>The words chosen, in the order of <paramref name="words"/>.</returns>
    public ValueList<string> Words(string key, string all, string doc, params ReadOnlySpan<string> words)
    {
        string[] table = words.ToArray();
        return Value(new KeySpec<ValueList<string>>
        {
            Key = key,
            Type = "list of words",
            Rule = $"{all}, or different words of {string.Join(", ", table)}",
            Doc = doc,
            HasDefault = true,
            Default = ValueList.Create<string>(table),
            DefaultText = all,
            Convert = node => Conversions.Words(node, all, table),
            Format = list => list.Count == table.Length ? all : $"[{string.Join(", ", list)}]",
        });
    }

    /// <summary>A list of small sections, or one in its place; empty by default, and where it is null.</summary>
    /// <param name="key">The key.</param>
    /// <param name="rule">The keys of an item and what they obey.</param>
    /// <param name="doc">What it does.</param>
    /// <param name="convert">Gives an item its meaning.</param>
    /// <param name="format">An item as YAML on one line.</param>
    public ValueList<T> Sections<T>(string key, string rule, string doc, Func<DocumentNode, Conversion<T>> convert, Func<T, string> format) =>
        Value(new KeySpec<ValueList<T>>
        {
            Key = key,
            Type = "list of sections",
            Rule = rule,
            Doc = doc,
            HasDefault = true,
            Default = [],
            Convert = node => Conversions.Sections(node, convert),
            Format = list => $"[{string.Join(", ", list.Select(format))}]",
        });

    /// <summary>A section inside this one. Left out, all its keys have their defaults.</summary>
    public abstract T Section<T>(string key, string doc, Func<SectionReader, T> read);

    /// <summary>A section that may be absent as a whole: left out or null.</summary>
    public abstract T? OptionalSection<T>(string key, string doc, Func<SectionReader, T> read)
        where T : class;

    /// <summary>
    /// A section whose keys are names the user gives, each with a section of the same kind; in the order written, never empty
    /// unless it may be left out.
    /// </summary>
    public abstract IReadOnlyList<(string Name, T Value)> NamedSections<T>(string key, string doc, Func<SectionReader, T> read, bool isOptional = false);

    /// <summary>The keys of this section after its <c>type</c>, which says what else it holds.</summary>
    /// <param name="doc">What the type decides.</param>
    /// <param name="fallback">The type when none is given; null when one must be.</param>
    /// <param name="variants">The types and how each is read.</param>
    public abstract T Variant<T>(string doc, string? fallback, params (string Type, Func<SectionReader, T> Read)[] variants);

    /// <summary>
    /// A rule between keys, checked only once every key obeys its own. The error shows the value of
    /// <paramref name="path"/> (relative to this section), then <paramref name="problem"/>: rule and remedy.
    /// </summary>
    public abstract void Check(Func<bool> rule, string path, Func<string> problem);

    /// <summary>The value of one key.</summary>
    protected abstract T Value<T>(KeySpec<T> spec);
}
