namespace RolloutLab.Data.Jinja;

/// <summary>The functions every chat template can call.</summary>
/// <param name="meter">Bounds the work.</param>
/// <param name="time">The clock of <c>strftime_now</c>.</param>
internal sealed class Globals(Meter meter, TimeProvider time)
{
    // Jinja's sandbox has the same bound.
    private const long MaxRange = 100_000;

    public void AddTo(Scope scope)
    {
        Add(scope, "raise_exception", arguments => throw new JinjaException($"the template refuses the chat: {PythonText.Str(arguments.One("message")).ReplaceLineEndings(" ")}"));
        Add(scope, "range", Range);
        Add(scope, "namespace", arguments =>
        {
            var space = new Namespace();
            foreach (var (key, value) in Dictionary(arguments))
            {
                space.Members[key] = value;
            }

            return space;
        });
        Add(scope, "dict", Dictionary);
        Add(scope, "strftime_now", arguments => Strftime.Format(time.GetLocalNow(), arguments.One("format").Text("the format")));
    }

    private static void Add(Scope scope, string name, Func<Arguments, object?> body) => scope.Set(name, new JinjaFunction(name, body));

    private JinjaList Range(Arguments arguments)
    {
        var bound = arguments.Bind("start", "stop", "step");
        if (bound[0].IsMissing())
        {
            throw new JinjaException("range needs its end");
        }

        var (start, stop) = bound[1].IsMissing() ? (0L, bound[0].Integer("range's end")) : (bound[0].Integer("range's start"), bound[1].Integer("range's end"));
        var step = bound[2].Or(1L).Integer("range's step");
        if (step == 0)
        {
            throw new JinjaException("range needs a step other than 0");
        }

        var count = step > 0 ? ((Int128)stop - start + step - 1) / step : ((Int128)start - stop - step - 1) / -(Int128)step;
        if (count > MaxRange)
        {
            throw new JinjaException($"range has {count} values; {MaxRange} are allowed");
        }

        meter.Work(count > 0 ? (long)count : 0);
        var values = new JinjaList();
        for (var i = 0; i < count; i++)
        {
            values.Add(start + (i * step));
        }

        return values;
    }

    private static JinjaDict Dictionary(Arguments arguments)
    {
        var dictionary = new JinjaDict();
        foreach (var positional in arguments.Positional)
        {
            foreach (var (key, value) in positional as JinjaDict ?? throw new JinjaException($"{arguments.Callee} takes a dictionary or named arguments"))
            {
                dictionary[key] = value;
            }
        }

        foreach (var (name, value) in arguments.Named)
        {
            dictionary[name] = value;
        }

        return dictionary;
    }
}
