using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Data.HuggingFace;

/// <summary>Tokens back to text: the <c>decoder</c> section.</summary>
internal abstract class TokenDecoder
{
    /// <summary>Begins a text.</summary>
    public abstract State Start();

    /// <summary>A text in the making. What cannot be decided before the next token is held back.</summary>
    internal abstract class State
    {
        public abstract void Push(int id, StringBuilder into);

        public abstract void Finish(StringBuilder into);
    }

    /// <summary>Reads the section.</summary>
    /// <param name="root">The whole file.</param>
    /// <param name="tokens">The tokens by id.</param>
    /// <exception cref="DataException">It is missing, damaged or not supported.</exception>
    public static TokenDecoder Read(JsonSection root, IReadOnlyList<string?> tokens)
    {
        var section = root.Optional("decoder") ?? throw root.Error("has no 'decoder'; without one tokens cannot become text again");
        var parts = section.Sequence("decoders").ToList();
        if (parts.Count == 1 && parts[0].Text("type") == "ByteLevel")
        {
            return new ByteLevelDecoder(tokens);
        }

        return PieceDecoder.Read(parts, tokens);
    }
}

/// <summary>Tokens spelled in <see cref="ByteAlphabet"/>: their bytes together are UTF-8, and what is none becomes U+FFFD.</summary>
internal sealed class ByteLevelDecoder : TokenDecoder
{
    private readonly byte[] _bytes;
    private readonly int[] _starts;

    public ByteLevelDecoder(IReadOnlyList<string?> tokens)
    {
        _starts = new int[tokens.Count + 1];
        using var bytes = new MemoryStream(tokens.Count * 8);
        for (var id = 0; id < tokens.Count; id++)
        {
            Write(bytes, tokens[id] ?? "");
            _starts[id + 1] = (int)bytes.Length;
        }

        _bytes = bytes.ToArray();
    }

    public override State Start() => new Bytes(this);

    // A token with characters outside the alphabet, such as an added one, stands for itself.
    private static void Write(MemoryStream bytes, string token)
    {
        foreach (var c in token)
        {
            if (ByteAlphabet.ByteOf(c) < 0)
            {
                bytes.Write(Encoding.UTF8.GetBytes(token));
                return;
            }
        }

        foreach (var c in token)
        {
            bytes.WriteByte((byte)ByteAlphabet.ByteOf(c));
        }
    }

    private sealed class Bytes(ByteLevelDecoder owner) : State
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
        private char[] _characters = new char[64];

        public override void Push(int id, StringBuilder into)
        {
            var bytes = owner._bytes.AsSpan(owner._starts[id]..owner._starts[id + 1]);
            if (_characters.Length < bytes.Length + 4)
            {
                _characters = new char[bytes.Length + 4];
            }

            into.Append(_characters, 0, _decoder.GetChars(bytes, _characters, flush: false));
        }

        public override void Finish(StringBuilder into) => into.Append(_characters, 0, _decoder.GetChars([], _characters, flush: true));
    }
}
