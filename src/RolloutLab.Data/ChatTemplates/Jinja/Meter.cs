namespace RolloutLab.Data.Jinja;

/// <summary>Bounds the work of rendering one chat, so that a hostile template ends in an error instead of in a hang.</summary>
internal sealed class Meter
{
    /// <summary>Longest text, in UTF-16 units: of the result and of every string on the way.</summary>
    public const int MaxText = 16 << 20;

    private const long MaxSteps = 10_000_000;
    private const long MaxProduced = 128L << 20;
    private const int MaxDepth = 1200;

    private long _steps;
    private long _produced;
    private int _depth;

    /// <summary>Counts work: expressions evaluated, list items touched.</summary>
    public void Work(long steps = 1)
    {
        _steps += steps;
        if (_steps > MaxSteps)
        {
            throw new JinjaException($"rendering takes more than {MaxSteps:N0} steps; does a loop grow with its own output?");
        }
    }

    /// <summary>Counts a string that was, or is about to be, made.</summary>
    public void Produce(long length)
    {
        _produced += length;
        if (length > MaxText || _produced > MaxProduced)
        {
            throw new JinjaException($"rendering makes more than {(length > MaxText ? MaxText : MaxProduced):N0} characters of text");
        }
    }

    /// <summary>Counts a string and gives it back.</summary>
    public string Produced(string text)
    {
        Produce(text.Length);
        return text;
    }

    public void Enter()
    {
        if (++_depth > MaxDepth)
        {
            throw new JinjaException("macros call each other too deeply; is there one without an end?");
        }
    }

    public void Leave() => _depth--;
}
