using System.Text;
using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.UnitTests.Data;

public sealed class TokenizerTests
{
    private static readonly ByteTokenizer Bytes = new(["<|pad|>", "<|endoftext|>"], "<|endoftext|>");

    [Fact]
    public void Countdown_symbols_have_their_positions_as_ids()
    {
        var tokenizer = CountdownVocabulary.CreateTokenizer();
        Assert.Equal((21, 20), (tokenizer.VocabularySize, tokenizer.EndOfTextId));
        Assert.Equal([6, 16, 7, 15, 4, 6, 14], tokenizer.Encode("6 7:46="));
        Assert.Equal("6 7:46=", tokenizer.Decode([6, 16, 7, 15, 4, 6, 14, 20]));
    }

    [Fact]
    public void Characters_may_lie_outside_the_basic_plane()
    {
        var tokenizer = new CharacterTokenizer(["a", "😀", "é"], "end");
        Assert.Equal([0, 1, 2, 1], tokenizer.Encode("a😀é😀"));
        Assert.Equal("a😀é😀", tokenizer.Decode([0, 1, 2, 1, 3]));
        var error = Assert.Throws<DataException>(() => tokenizer.Encode("a😀😁"));
        Assert.Contains("U+1F601) at position 3", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1+1=2?", "'?' (U+003F) at position 5")]
    [InlineData("1\n", "(U+000A) at position 1")]
    [InlineData("12\uD83D", "(U+FFFD) at position 2")]
    public void A_missing_character_is_named_with_its_position(string text, string expected)
    {
        var error = Assert.Throws<DataException>(() => CountdownVocabulary.CreateTokenizer().Encode(text));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_tokenizer_without_the_needed_symbols_is_refused_at_load()
    {
        var error = Assert.Throws<DataException>(
            () => new CharacterTokenizer(["0", "1"], "end").Require(CountdownVocabulary.Symbols, "warmup/tokenizer.json"));
        Assert.StartsWith("warmup/tokenizer.json: the tokenizer has no symbol for '2'", error.Message, StringComparison.Ordinal);
        CountdownVocabulary.CreateTokenizer().Require(CountdownVocabulary.Symbols, "x");
        Bytes.Require(CountdownVocabulary.Symbols, "x");
    }

    [Fact]
    public void Character_lists_that_are_no_alphabet_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new CharacterTokenizer([], "end"));
        Assert.Throws<ArgumentException>(() => new CharacterTokenizer(["a", "a"], "end"));
        Assert.Throws<ArgumentException>(() => new CharacterTokenizer(["ab"], "end"));
        Assert.Throws<ArgumentException>(() => new CharacterTokenizer([""], "end"));
        Assert.Throws<ArgumentException>(() => new CharacterTokenizer(["\uD83D"], "end"));
    }

    [Fact]
    public void Bytes_express_any_text()
    {
        var stream = new RandomStreams(1).Stream(StreamPurpose.DatasetGeneration);
        for (var i = 0; i < 2000; i++)
        {
            var scalars = Enumerable.Range(0, 10).Select(k => stream.Below((i * 10) + k, 0x110000 - 0x800));
            var text = string.Concat(scalars.Select(v => new Rune(v < 0xD800 ? v : v + 0x800)));
            var ids = Bytes.Encode(text);
            Assert.Equal(Encoding.UTF8.GetByteCount(text), ids.Length);
            Assert.Equal(text, Bytes.Decode([.. ids, Bytes.EndOfTextId]));
        }
    }

    [Fact]
    public void Special_tokens_follow_the_bytes_and_text_cannot_forge_them()
    {
        Assert.Equal((258, 257, 256), (Bytes.VocabularySize, Bytes.EndOfTextId, Bytes.SpecialTokenId("<|pad|>")));
        Assert.All(Bytes.Encode("<|endoftext|>"), id => Assert.InRange(id, 0, 255));
        Assert.Equal("<|endoftext|>", Bytes.Decode(Bytes.Encode("<|endoftext|>")));
    }

    [Fact]
    public void Invalid_bytes_become_replacement_characters_and_unpaired_surrogates_are_refused()
    {
        Assert.Equal("a\uFFFDb", Bytes.Decode([97, 0xC3, 98]));
        Assert.Equal("\uFFFD", Bytes.Decode([0xFF]));
        Assert.Contains("position 1", Assert.Throws<DataException>(() => Bytes.Encode("a\uD83D")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ids_outside_the_vocabulary_are_a_callers_bug()
    {
        foreach (var tokenizer in new ITokenizer[] { Bytes, CountdownVocabulary.CreateTokenizer() })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([tokenizer.VocabularySize]));
            Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([-1]));
        }
    }

    [Fact]
    public void Files_give_back_the_same_tokenizer_and_the_same_bytes()
    {
        using var folder = new TemporaryFolder();
        ITokenizer[] tokenizers = [Bytes, CountdownVocabulary.CreateTokenizer(), new CharacterTokenizer(["\"", "\\", "😀"], "e")];
        foreach (var tokenizer in tokenizers)
        {
            TokenizerFile.Save(folder["a.json"], tokenizer);
            var loaded = TokenizerFile.Load(folder["a.json"]);
            TokenizerFile.Save(folder["b.json"], loaded);

            Assert.Equal(File.ReadAllBytes(folder["a.json"]), File.ReadAllBytes(folder["b.json"]));
            Assert.Equal(tokenizer.GetType(), loaded.GetType());
            Assert.Equal((tokenizer.VocabularySize, tokenizer.EndOfTextId), (loaded.VocabularySize, loaded.EndOfTextId));
            var all = Enumerable.Range(0, tokenizer.VocabularySize).ToArray();
            Assert.Equal(tokenizer.Decode(all), loaded.Decode(all));
        }
    }

    [Theory]
    [InlineData("", "not valid JSON")]
    [InlineData("{\"type\":", "not valid JSON")]
    [InlineData("[]", "must be one JSON object")]
    [InlineData("{}", "'type' is missing")]
    [InlineData("{\"type\":\"BPE\"}", "'type' is 'BPE'; known are")]
    [InlineData("{\"type\":3}", "'type' must be a string")]
    [InlineData("{\"type\":\"rolloutlab.character\"}", "'end_of_text' is missing")]
    [InlineData("{\"type\":\"rolloutlab.character\",\"end_of_text\":\"e\"}", "'symbols' is missing")]
    [InlineData("{\"type\":\"rolloutlab.character\",\"end_of_text\":\"e\",\"symbols\":\"abc\"}", "'symbols' must be an array of strings")]
    [InlineData("{\"type\":\"rolloutlab.character\",\"end_of_text\":\"e\",\"symbols\":[\"a\",1]}", "'symbols[1]' must be a string")]
    [InlineData("{\"type\":\"rolloutlab.character\",\"end_of_text\":\"e\",\"symbols\":[\"a\",\"a\"]}", "symbol 1 ('a') occurs twice")]
    [InlineData("{\"type\":\"rolloutlab.character\",\"end_of_text\":\"e\",\"symbols\":[\"\\ud83d\"]}", "unpaired surrogate")]
    [InlineData("{\"type\":\"rolloutlab.character\",\"end_of_text\":\"\",\"symbols\":[\"a\"]}", "'end_of_text' is empty")]
    [InlineData("{\"type\":\"rolloutlab.bytes\",\"end_of_text\":\"e\",\"special_tokens\":[\"x\"]}", "there is no special token 'e'")]
    [InlineData("{\"type\":\"rolloutlab.bytes\",\"type\":\"rolloutlab.bytes\"}", "not valid JSON")]
    public void Hostile_files_are_one_clear_line(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<DataException>(() => TokenizerFile.Load(folder.Write("t.json", content)));
        Assert.StartsWith(folder["t.json"], error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Missing_and_huge_files_are_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<DataException>(() => TokenizerFile.Load(folder["none.json"]));
        Assert.Throws<DataException>(() => TokenizerFile.Load(folder.Root));
        var huge = folder.Write("huge.json", "");
        using (var sparse = File.OpenWrite(huge))
        {
            sparse.SetLength(TokenizerFile.MaxBytes + 1L);
        }

        Assert.Contains("larger than", Assert.Throws<DataException>(() => TokenizerFile.Load(huge)).Message, StringComparison.Ordinal);
    }
}
