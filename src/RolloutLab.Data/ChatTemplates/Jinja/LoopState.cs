namespace RolloutLab.Data.Jinja;

/// <summary>The variable <c>loop</c> inside a loop.</summary>
/// <param name="items">What is looped over.</param>
/// <param name="depth">Loops around this one, from 0.</param>
internal sealed class LoopState(IReadOnlyList<object?> items, int depth)
{
    private object? _last = Missing.Value;

    /// <summary>The present item.</summary>
    public int Index { get; set; }

    public object? Member(string name, Meter meter) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => (long)items.Count - Index,
        "revindex0" => items.Count - Index - 1L,
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "depth" => depth + 1L,
        "depth0" => (long)depth,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined("there is no next item"),
        "cycle" => new JinjaFunction("loop.cycle", Cycle),
        "changed" => new JinjaFunction("loop.changed", arguments => Changed(arguments, meter)),
        _ => new Undefined($"'loop' has no attribute '{name}'"),
    };

    private object? Cycle(Arguments arguments) => arguments.Positional.Count > 0
        ? arguments.Positional[Index % arguments.Positional.Count]
        : throw new JinjaException("loop.cycle needs the values to choose from");

    private bool Changed(Arguments arguments, Meter meter)
    {
        var now = new JinjaList(arguments.Positional);
        var changed = !Operators.AreEqual(_last, now, meter);
        _last = now;
        return changed;
    }
}
