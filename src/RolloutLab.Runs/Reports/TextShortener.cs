using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace RolloutLab.Runs;

/// <summary>Keeps texts within bounds, the same for every prompt. Bytes are those of the text in the page.</summary>
/// <param name="ofAPrompt">Bytes of all texts of a prompt.</param>
/// <param name="ofAText">Bytes of one text.</param>
internal sealed class TextShortener(int ofAPrompt, int ofAText)
{
    // What a text's own entry takes beside it.
    private const int Frame = 120;

    private readonly Dictionary<string, int> _used = new(StringComparer.Ordinal);

    /// <summary>Writes letters of any script as they are, and what could end or open an element as \u003c.</summary>
    public static JavaScriptEncoder Encoder { get; } = JavaScriptEncoder.Create(UnicodeRanges.All);

    /// <summary>Texts that found no room.</summary>
    public long LeftOut { get; private set; }

    /// <summary>Texts that were cut.</summary>
    public long Cut { get; private set; }

    /// <summary>The text, perhaps cut; null when its prompt has no room left.</summary>
    public string? Take(string prompt, string text)
    {
        var room = ofAPrompt - _used.GetValueOrDefault(prompt) - Frame;
        if (room <= 0)
        {
            LeftOut++;
            return null;
        }

        var (bytes, most) = (Bytes(text), Math.Min(room, ofAText));
        if (bytes > most)
        {
            var characters = (int)((long)text.Length * most / bytes);

            // A character outside the basic plane is two: it is not torn.
            text = string.Concat(text.AsSpan(0, characters > 0 && char.IsHighSurrogate(text[characters - 1]) ? characters - 1 : characters), "…");
            bytes = Bytes(text);
            Cut++;
        }

        _used[prompt] = _used.GetValueOrDefault(prompt) + bytes + Frame;
        return text;
    }

    private static int Bytes(string text) => JsonEncodedText.Encode(text, Encoder).EncodedUtf8Bytes.Length;
}
