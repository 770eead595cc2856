namespace RolloutLab.Data.Jinja;

/// <summary>Attributes and items of values: <c>a.b</c> finds methods first, <c>a['b']</c> finds items first.</summary>
/// <param name="meter">Bounds the work.</param>
internal sealed class Members(Meter meter)
{
    private static readonly HashSet<string> Changing =
    [
        "append", "clear", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault", "sort", "update",
    ];

    public object? Attribute(object? target, string name)
    {
        if (target is Undefined undefined)
        {
            throw new JinjaException($"{undefined.Description}, so it has no '{name}'");
        }

        return Method(target, name) ?? target switch
        {
            JinjaDict dictionary when dictionary.TryGetValue(name, out var value) => value,
            Namespace space when space.Members.TryGetValue(name, out var value) => value,
            LoopState loop => loop.Member(name, meter),
            _ => new Undefined($"{PythonText.TypeName(target)} has no attribute '{name}'"),
        };
    }

    public object? Item(object? target, object? index) => (target, index) switch
    {
        (Undefined undefined, _) => throw new JinjaException($"{undefined.Description}, so it has no items"),
        (JinjaDict dictionary, string key) => dictionary.TryGetValue(key, out var value) ? value : OrAttribute(target, key),
        (string or JinjaList, long or bool) => Sequences.At(target, index.Integer("an index"), meter),
        (_, string key) => OrAttribute(target, key),
        _ => new Undefined($"{PythonText.TypeName(target)} has no item {PythonText.Repr(index)}"),
    };

    private object? OrAttribute(object? target, string key) =>
        Method(target, key) is { } method ? method : target is JinjaDict ? new Undefined($"the dictionary has no '{key}'") : Attribute(target, key);

    private JinjaFunction? Method(object? target, string name) => target switch
    {
        string text => StringMethods.Find(text, name, meter),
        JinjaDict dictionary => DictionaryMethod(dictionary, name),
        JinjaList list => ListMethod(list, name),
        _ => null,
    };

    private JinjaFunction? DictionaryMethod(JinjaDict dictionary, string name) => name switch
    {
        "items" => NoArguments("items", () => Pairs(dictionary)),
        "keys" => NoArguments("keys", () => new JinjaList(dictionary.Keys)),
        "values" => NoArguments("values", () => new JinjaList(dictionary.Values)),
        "copy" => NoArguments("copy", () => dictionary),
        "get" => new JinjaFunction("get", a =>
        {
            var bound = a.Bind("key", "default");
            return bound[0] is string key && dictionary.TryGetValue(key, out var value) ? value : bound[1].Or(null);
        }),
        _ => Refused(name, "dictionary"),
    };

    private JinjaFunction? ListMethod(JinjaList list, string name) => name switch
    {
        "count" => new JinjaFunction("count", a => a.One("value") is var value ? (long)list.Count(item => Operators.AreEqual(item, value, meter)) : 0L),
        "copy" => NoArguments("copy", () => list),
        "index" => new JinjaFunction("index", a =>
        {
            var value = a.One("value");
            var at = list.FindIndex(item => Operators.AreEqual(item, value, meter));
            return at >= 0 ? (long)at : throw new JinjaException("index: the list has no such item");
        }),
        _ => Refused(name, "list"),
    };

    /// <summary>The entries of a dictionary as tuples of key and value.</summary>
    public JinjaList Pairs(JinjaDict dictionary)
    {
        meter.Work(dictionary.Count);
        return new JinjaList(dictionary.Select(e => new JinjaList([e.Key, e.Value]) { IsTuple = true }));
    }

    private JinjaFunction NoArguments(string name, Func<object?> body) => new(name, arguments =>
    {
        arguments.None();
        meter.Work();
        return body();
    });

    private static JinjaFunction? Refused(string name, string type) => Changing.Contains(name)
        ? new JinjaFunction(name, _ => throw new JinjaException($"'{name}' would change a {type}, which templates may not; make a new one with +"))
        : null;
}
