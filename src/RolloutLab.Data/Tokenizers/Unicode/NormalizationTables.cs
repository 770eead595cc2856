using System.Globalization;

namespace RolloutLab.Data.Unicode;

/// <summary>
/// Unicode's decompositions, combining classes and compositions, from <c>normalization.txt</c>. .NET's own normalization needs
/// ICU, which this program runs without, and would differ from machine to machine.
/// </summary>
internal sealed class NormalizationTables
{
    private readonly Dictionary<int, int[]> _canonical = [];
    private readonly Dictionary<int, int[]> _compatible = [];
    private readonly Dictionary<int, byte> _classes = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly System.Collections.BitArray _unsettled = new(0x110000);

    /// <summary>Reads the tables that are part of this assembly.</summary>
    public NormalizationTables()
    {
        using var stream = typeof(NormalizationTables).Assembly.GetManifestResourceStream("normalization.txt")!;
        using var reader = new StreamReader(stream);
        var excluded = new HashSet<int>();
        while (reader.ReadLine() is { } line)
        {
            var codes = line.Split(' ');
            switch (codes[0])
            {
                case "D":
                    _canonical[Code(codes[1])] = [.. codes.Skip(2).Select(Code)];
                    break;
                case "K":
                    _compatible[Code(codes[1])] = [.. codes.Skip(2).Select(Code)];
                    break;
                case "X":
                    excluded.Add(Code(codes[1]));
                    break;
                case "C":
                    AddClass(codes);
                    break;
            }
        }

        Compose(excluded);
    }

    /// <summary>Whether a text with this code point may differ from its NFC; false for all that stay as they are wherever they stand.</summary>
    public bool MayChange(int code) => _unsettled[code];

    /// <summary>One level of decomposition; null where there is none.</summary>
    public int[]? Decomposition(int code, bool compatible) => _canonical.TryGetValue(code, out var canonical) ? canonical
        : compatible && _compatible.TryGetValue(code, out var other) ? other : null;

    /// <summary>The canonical combining class.</summary>
    public byte Class(int code) => _classes.GetValueOrDefault(code);

    /// <summary>The character that two compose to; -1 where they do not.</summary>
    public int Composition(int first, int second) => _compositions.TryGetValue((first, second), out var whole) ? whole : -1;

    private void AddClass(string[] codes)
    {
        var last = Code(codes[^1]);
        for (var code = Code(codes[2]); code <= last; code++)
        {
            _classes[code] = byte.Parse(codes[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            _unsettled[code] = true;
        }
    }

    private void Compose(HashSet<int> excluded)
    {
        foreach (var (code, parts) in _canonical)
        {
            if (excluded.Contains(code))
            {
                _unsettled[code] = true;
            }
            else
            {
                _compositions[(parts[0], parts[1])] = code;
                _unsettled[parts[1]] = true;
            }
        }

        for (var jamo = Hangul.VowelBase; jamo < Hangul.TrailBase + Hangul.Trails; jamo++)
        {
            _unsettled[jamo] = true;
        }
    }

    private static int Code(string hexadecimal) => int.Parse(hexadecimal, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
