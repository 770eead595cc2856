using System.Globalization;
using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Data.HuggingFace;

/// <summary>
/// Tokens in the manner of SentencePiece: marks become blanks, runs of <c>&lt;0x0A&gt;</c> become the characters of their bytes (or
/// one U+FFFD a byte, where they are no UTF-8), and the blank that every text was given at its start goes.
/// </summary>
internal sealed class PieceDecoder : TokenDecoder
{
    private readonly IReadOnlyList<string?> _tokens;
    private readonly List<(string From, string To)> _replacements = [];
    private bool _bytes;
    private char _stripped = ' ';
    private int _strips;

    private PieceDecoder(IReadOnlyList<string?> tokens) => _tokens = tokens;

    /// <summary>Reads the parts of a decoder: Replace, ByteFallback, Fuse, Strip at the start, or Metaspace.</summary>
    /// <exception cref="DataException">A part is of another type, or stands where it would mean something else.</exception>
    public static PieceDecoder Read(List<JsonSection> parts, IReadOnlyList<string?> tokens)
    {
        var decoder = new PieceDecoder(tokens);
        var fused = false;
        foreach (var part in parts)
        {
            switch (part.Text("type"))
            {
                case "Replace" when !fused && part.Required("pattern").Optional("String") is { } from && from.Text().Length > 0:
                    decoder._replacements.Add((from.Text(), part.Text("content")));
                    break;
                case "ByteFallback" when !fused:
                    decoder._bytes = true;
                    break;
                case "Fuse":
                    fused = true;
                    break;
                case "Strip" when fused && part.Text("content").Length == 1 && part.Integer("stop", 0) == 0:
                    (decoder._stripped, decoder._strips) = (part.Text("content")[0], part.Integer("start", 0));
                    break;
                case "Metaspace" when parts.Count == 1:
                    decoder._replacements.Add((MetaspaceStep.ReadMark(part).ToString(), " "));
                    decoder._strips = MetaspaceStep.ReadScheme(part) == MetaspaceStep.PrependScheme.Never ? 0 : 1;
                    break;
                case var type:
                    throw part.Error($"is of type '{BpeVocabulary.Shown(type)}', which is not supported there; supported are ByteLevel, Metaspace, or Replace of a string, ByteFallback, Fuse and Strip at the start in this order");
            }
        }

        return decoder;
    }

    public override State Start() => new Pieces(this);

    private sealed class Pieces(PieceDecoder owner) : State
    {
        private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

        private readonly List<byte> _pending = [];
        private int _strips = owner._strips;

        public override void Push(int id, StringBuilder into)
        {
            var token = owner._tokens[id] ?? "";
            if (owner._bytes && token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
                && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                _pending.Add(value);
                return;
            }

            Finish(into);
            foreach (var (from, to) in owner._replacements)
            {
                token = token.Replace(from, to, StringComparison.Ordinal);
            }

            Write(token, into);
        }

        public override void Finish(StringBuilder into)
        {
            if (_pending.Count == 0)
            {
                return;
            }

            try
            {
                Write(Strict.GetString([.. _pending]), into);
            }
            catch (DecoderFallbackException)
            {
                Write(new string('\ufffd', _pending.Count), into);
            }

            _pending.Clear();
        }

        private void Write(string text, StringBuilder into)
        {
            var at = 0;
            for (; _strips > 0 && at < text.Length; at++)
            {
                if (text[at] != owner._stripped)
                {
                    _strips = 0;
                    break;
                }

                _strips--;
            }

            into.Append(text, at, text.Length - at);
        }
    }
}
