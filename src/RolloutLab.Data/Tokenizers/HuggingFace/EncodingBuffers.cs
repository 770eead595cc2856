using System.Text;

namespace RolloutLab.Data.HuggingFace;

/// <summary>What encoding one text needs besides the tokenizer; reused from word to word.</summary>
internal sealed class EncodingBuffers
{
    private byte[] _bytes = new byte[256];
    private char[] _spelled = new char[256];

    public List<Piece> Words { get; } = [];

    public List<Piece> Scratch { get; } = [];

    public BpeWorkspace Bpe { get; } = new();

    /// <summary>The bytes of a word in <see cref="ByteAlphabet"/>; valid until the next call.</summary>
    public ReadOnlySpan<char> Spell(ReadOnlySpan<char> word)
    {
        var most = Encoding.UTF8.GetMaxByteCount(word.Length);
        if (_bytes.Length < most)
        {
            (_bytes, _spelled) = (new byte[most], new char[most]);
        }

        var count = Encoding.UTF8.GetBytes(word, _bytes);
        for (var i = 0; i < count; i++)
        {
            _spelled[i] = ByteAlphabet.Of(_bytes[i]);
        }

        return _spelled.AsSpan(0, count);
    }
}
