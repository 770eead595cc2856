using System.Text;

namespace RolloutLab.Data.Unicode;

/// <summary>Unicode's normalization forms (Unicode Standard Annex 15), of Unicode 14, as tokenizers were trained with.</summary>
internal sealed class UnicodeNormalizer
{
    // Everything below is as it is in NFC; most texts never need the tables.
    private const char FirstUnsettled = '\u0300';

    private readonly Lazy<NormalizationTables> _tables = new(() => new NormalizationTables());

    /// <summary>Normalizes.</summary>
    /// <param name="text">Without unpaired surrogates.</param>
    /// <param name="compatible">NFKC or NFKD instead of NFC or NFD.</param>
    /// <param name="compose">NFC or NFKC instead of NFD or NFKD.</param>
    public string Normalize(string text, bool compatible, bool compose)
    {
        if (compose && !compatible ? IsComposed(text) : !text.AsSpan().ContainsAnyExceptInRange('\0', '\u007f'))
        {
            return text;
        }

        var codes = Decompose(text, compatible);
        Order(codes);
        if (compose)
        {
            Compose(codes);
        }

        var result = new StringBuilder(text.Length);
        foreach (var code in codes)
        {
            result.Append(new Rune(code).ToString());
        }

        return result.ToString();
    }

    private bool IsComposed(string text)
    {
        var from = text.AsSpan().IndexOfAnyExceptInRange('\0', (char)(FirstUnsettled - 1));
        if (from < 0)
        {
            return true;
        }

        var tables = _tables.Value;
        foreach (var rune in text.AsSpan(from).EnumerateRunes())
        {
            if (tables.MayChange(rune.Value))
            {
                return false;
            }
        }

        return true;
    }

    private List<int> Decompose(string text, bool compatible)
    {
        var codes = new List<int>(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            Add(rune.Value);
        }

        return codes;

        void Add(int code)
        {
            if (Hangul.IsSyllable(code))
            {
                var (lead, vowel, trail) = Hangul.Decompose(code);
                codes.AddRange(trail == 0 ? [lead, vowel] : [lead, vowel, trail]);
            }
            else if (code >= 0x80 && _tables.Value.Decomposition(code, compatible) is { } parts)
            {
                foreach (var part in parts)
                {
                    Add(part);
                }
            }
            else
            {
                codes.Add(code);
            }
        }
    }

    // Each run of combining characters by class, stably.
    private void Order(List<int> codes)
    {
        for (var start = 0; start < codes.Count; start++)
        {
            if (_tables.Value.Class(codes[start]) == 0)
            {
                continue;
            }

            var end = start;
            while (end < codes.Count && _tables.Value.Class(codes[end]) != 0)
            {
                end++;
            }

            var ordered = codes.GetRange(start, end - start).OrderBy(code => _tables.Value.Class(code)).ToList();
            for (var i = 0; i < ordered.Count; i++)
            {
                codes[start + i] = ordered[i];
            }

            start = end;
        }
    }

    // A character composes with the last starter unless another of its class, or a higher one, stands between.
    private void Compose(List<int> codes)
    {
        var (kept, starter, lastClass) = (0, -1, 0);
        for (var at = 0; at < codes.Count; at++)
        {
            var code = codes[at];
            var combining = _tables.Value.Class(code);
            var reaches = starter >= 0 && (starter == kept - 1 || lastClass < combining);
            if (reaches && Pair(codes[starter], code) is >= 0 and var whole)
            {
                codes[starter] = whole;
                continue;
            }

            if (combining == 0)
            {
                starter = kept;
            }

            lastClass = combining;
            codes[kept++] = code;
        }

        codes.RemoveRange(kept, codes.Count - kept);
    }

    private int Pair(int first, int second) => Hangul.Compose(first, second) is >= 0 and var syllable ? syllable : _tables.Value.Composition(first, second);
}
