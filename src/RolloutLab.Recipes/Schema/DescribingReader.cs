using System.Text.Json.Nodes;

namespace RolloutLab.Recipes;

/// <summary>Reads nothing and notes what is asked for: every key, in every type of every section.</summary>
internal sealed class DescribingReader(SchemaSection schema) : SectionReader
{
    /// <summary>Stands for a name that the user gives.</summary>
    public const string UserName = "NAME";

    public override ResolvedSection Resolved { get; } = new();

    public override T Section<T>(string key, string doc, Func<SectionReader, T> read) => Describe(key, "", doc, read);

    public override T? OptionalSection<T>(string key, string doc, Func<SectionReader, T> read)
        where T : class => Describe(key, "null", doc, read);

    public override IReadOnlyList<(string Name, T Value)> NamedSections<T>(string key, string doc, Func<SectionReader, T> read, bool isOptional = false)
    {
        var names = new SchemaSection();
        schema.Keys.Add(new SchemaKey(key, "section", isOptional ? "null" : "", "", [], doc, Section: names));
        return [(UserName, new DescribingReader(names).Section(UserName, "Any name, as often as needed.", read))];
    }

    public override T Variant<T>(string doc, string? fallback, params (string Type, Func<SectionReader, T> Read)[] variants)
    {
        string[] types = [.. variants.Select(v => v.Type)];
        schema.Keys.Add(new SchemaKey("type", "choice", fallback ?? "", string.Join(" | ", types), types, doc));
        T[] described = [.. variants.Select(variant =>
        {
            var section = new SchemaSection();
            schema.Variants.Add((variant.Type, section));
            return variant.Read(new DescribingReader(section));
        })];
        return described[Math.Max(0, Array.IndexOf(types, fallback))];
    }

    public override void Check(Func<bool> rule, string path, Func<string> problem)
    {
        // Nothing is read, so there is nothing to check.
    }

    protected override T Value<T>(KeySpec<T> spec)
    {
        string fallback = spec.HasDefault ? spec.DefaultText ?? spec.Format(spec.Default) : "";
        string rule = spec.Choices.Count > 0 ? string.Join(" | ", spec.Choices) : spec.Rule;
        schema.Keys.Add(new SchemaKey(spec.Key, spec.Type, fallback, rule, spec.Choices, spec.Doc, FixedDefaultOf(spec)));
        return spec.Default;
    }

    private static JsonValue? FixedDefaultOf<T>(KeySpec<T> spec) => spec switch
    {
        { HasDefault: false } or { DefaultText: not null } or { Default: null } => null,
        { Default: double number } => JsonValue.Create(number),
        { Default: long integer } => JsonValue.Create(integer),
        { Default: bool flag } => JsonValue.Create(flag),
        { Default: string text } => JsonValue.Create(text),
        _ => JsonValue.Create(spec.Format(spec.Default)),
    };

    private T Describe<T>(string key, string fallback, string doc, Func<SectionReader, T> read)
    {
        var section = new SchemaSection();
        schema.Keys.Add(new SchemaKey(key, "section", fallback, "", [], doc, Section: section));
        return read(new DescribingReader(section));
    }
}
