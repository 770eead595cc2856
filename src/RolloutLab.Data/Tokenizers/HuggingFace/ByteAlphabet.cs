namespace RolloutLab.Data.HuggingFace;

/// <summary>
/// GPT-2's alphabet: every byte as a visible character. Printable Latin-1 bytes stand for themselves, the others for U+0100 and on.
/// </summary>
internal static class ByteAlphabet
{
    private const int Size = 0x144;

    private static readonly char[] Characters = MakeCharacters();
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>The character of a byte.</summary>
    public static char Of(byte value) => Characters[value];

    /// <summary>The byte of a character; -1 where it is none of the alphabet.</summary>
    public static int ByteOf(char character) => character < Size ? Bytes[character] : -1;

    private static char[] MakeCharacters()
    {
        var next = 0x100;
        return [.. Enumerable.Range(0, 256).Select(b => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF) ? (char)b : (char)next++)];
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[Size];
        Array.Fill(bytes, (short)-1);
        for (var b = 0; b < 256; b++)
        {
            bytes[Characters[b]] = (short)b;
        }

        return bytes;
    }
}
