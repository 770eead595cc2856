using System.Text;

namespace RolloutLab.UnitTests.Data.Tokenizers;

/// <summary>Seeded texts of many scripts, emoji, combining marks, white space, digits, punctuation, code and special tokens.</summary>
internal sealed class RandomTexts(int seed, IReadOnlyList<string> specialTokens)
{
    private static readonly (int First, int Last)[] Ranges =
    [
        (0x20, 0x7E), (0x20, 0x7E), (0x20, 0x7E), (0xA0, 0xFF), (0x100, 0x24F), (0x300, 0x345), (0x370, 0x3FF), (0x400, 0x4FF), (0x5D0, 0x5EA),
        (0x621, 0x652), (0x905, 0x94D), (0xE01, 0xE3A), (0x1100, 0x11FF), (0x1E00, 0x1EFF), (0x2000, 0x206F), (0x2070, 0x209C), (0x20A0, 0x20BF),
        (0x2100, 0x218B), (0x2190, 0x22FF), (0x2460, 0x24FF), (0x3041, 0x3096), (0x30A1, 0x30FF), (0x4E00, 0x9FCC), (0xAC00, 0xD7A3), (0xF900, 0xFA6D),
        (0xFF01, 0xFF5E), (0x1D400, 0x1D7CB), (0x1F300, 0x1F64F), (0x1F900, 0x1F9FF), (0x20000, 0x2A6D6), (0x10330, 0x1034A), (0x1F1E6, 0x1F1FF),
    ];

    private static readonly string[] Fragments =
    [
        "'s", "'S", "'re", "'LL", " don't", "  ", "   ", "\n", "\r\n", "\n\n", "\t", "\u00a0", "\u2009", "\u3000", " \n ", "\u200d", "\ufe0f", "\u0301", "\u0323",
        "👩‍👩‍👧", "🏳️‍🌈", "é", "e\u0301", "Å", "가", "12", "3456", "७८", "１２", "½", "Ⅷ", " the", " and", "The", "def f(x):\n    return x", "</", "://", "...", "!!", "\\frac{1}{2}",
        "中文", "日本語", "مرحبا", "שלום", "नमस्ते", "สวัสดี", "<|", "|>", "<|im_start", "_", "__init__",
    ];

    private readonly Random _random = new(seed);

    public string Next()
    {
        var text = new StringBuilder();
        for (var parts = _random.Next(1, 14); parts > 0; parts--)
        {
            switch (_random.Next(10))
            {
                case < 4:
                    text.Append(Fragments[_random.Next(Fragments.Length)]);
                    break;
                case < 5 when specialTokens.Count > 0:
                    text.Append(specialTokens[_random.Next(specialTokens.Count)]);
                    break;
                default:
                    var (first, last) = Ranges[_random.Next(Ranges.Length)];
                    for (var length = _random.Next(1, 8); length > 0; length--)
                    {
                        text.Append(new Rune(_random.Next(first, last + 1)));
                    }

                    break;
            }
        }

        return text.ToString();
    }
}
