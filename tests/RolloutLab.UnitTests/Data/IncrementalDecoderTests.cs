using RolloutLab.Data;

namespace RolloutLab.UnitTests.Data;

public sealed class IncrementalDecoderTests
{
    private static readonly ByteTokenizer Bytes = new(["<end>"], "<end>");

    [Theory]
    [InlineData("plain")]
    [InlineData("é ß 中文 🙂 👩‍👩‍👧 e\u0301 \u200d x")]
    [InlineData("\n\t \u00a0\ufeff tail 𐍈")]
    public void Text_comes_in_whole_characters_and_all_of_it(string text)
    {
        var decoder = new IncrementalDecoder(Bytes);
        var pieces = Bytes.Encode(text).Select(decoder.Add).Append(decoder.Finish()).ToList();
        Assert.Equal(text, string.Concat(pieces));
        Assert.All(pieces, piece => Assert.DoesNotContain('\uFFFD', piece));
        Assert.All(pieces.Where(p => p.Length > 0), piece => Assert.False(char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0]), piece));
        Assert.Equal(text.EnumerateRunes().Count(), pieces.Count(p => p.Length > 0));
    }

    [Fact]
    public void Bytes_that_never_become_a_character_are_given_up_in_time()
    {
        var random = new Random(7);
        for (var trial = 0; trial < 200; trial++)
        {
            var tokens = Enumerable.Range(0, 60).Select(_ => random.Next(3) == 0 ? random.Next(32, 127) : random.Next(128, 256)).ToArray();
            var decoder = new IncrementalDecoder(Bytes);
            var (held, shown) = (0, "");
            foreach (var token in tokens)
            {
                var piece = decoder.Add(token);
                held = piece.Length == 0 ? held + 1 : 0;
                Assert.InRange(held, 0, 9);
                shown += piece;
            }

            Assert.Equal(Bytes.Decode(tokens).Count(c => c != '\uFFFD'), (shown + decoder.Finish()).Count(c => c != '\uFFFD'));
        }
    }

    [Fact]
    public void Special_tokens_and_ids_without_a_token_are_no_text()
    {
        var decoder = new IncrementalDecoder(Bytes);
        Assert.Equal("a", decoder.Add('a'));
        Assert.Equal("", decoder.Add(256));
        Assert.Equal("", decoder.Add(9999));
        Assert.Equal("b", decoder.Add('b'));
        Assert.Equal("", decoder.Finish());
    }
}
