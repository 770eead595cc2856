using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.UnitTests.Data.Tokenizers;

namespace RolloutLab.UnitTests.Data;

/// <summary>The token that begins a text, of a tokenizer such as a base Llama's: there once, in front, and not where a prompt has none.</summary>
public sealed class LeadingTokenTests : IDisposable
{
    private const int Bos = 257;

    private readonly SmallTokenizer _small = SmallTokenizer.ByteLevel().With("<bos>", special: true).Set("post_processor", """
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<bos>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],
         "special_tokens":{"<bos>":{"id":"<bos>","ids":[257],"tokens":["<bos>"]}}}
        """);

    public void Dispose() => _small.Dispose();

    [Fact]
    public void It_is_not_added_to_a_text_that_begins_with_it()
    {
        var tokenizer = _small.Load();
        Assert.Equal([Bos, .. tokenizer.Encode("ab")], tokenizer.EncodeDocumentOnce("ab"));
        Assert.Equal([Bos, .. tokenizer.Encode("ab")], tokenizer.EncodeDocumentOnce("<bos>ab"));
        Assert.Equal([Bos, .. tokenizer.Encode("aab")], tokenizer.EncodeDocumentOnce("aab"));
        Assert.Equal([Bos], tokenizer.EncodeDocumentOnce(""));

        using var bare = SmallTokenizer.ByteLevel();
        var plain = bare.Load();
        Assert.Equal(plain.Encode("aab"), plain.EncodeDocumentOnce("aab"));
    }

    /// <summary>Examples before a prompt come after the token.</summary>
    [Theory]
    [InlineData("c", true, "a b c")]
    [InlineData("<bos>c", false, "<bos>a b <bos>c")]
    [InlineData("<bos>c", false, "a b <bos>c")]
    public void It_goes_to_the_front_of_what_is_asked_in_place_of_a_prompt(string own, bool standsAlone, string text)
    {
        var tokenizer = _small.Load();
        var prompt = new Prompt(0, "p", own, standsAlone ? tokenizer.EncodeDocument(own) : tokenizer.Encode(own), "1");
        Assert.Equal([Bos, .. tokenizer.Encode("a b c")], tokenizer.EncodeInPlaceOf(prompt, text));
    }

    [Fact]
    public void A_chat_whose_template_writes_none_stays_without()
    {
        var tokenizer = _small.Load();
        var prompt = new Prompt(0, "p", "[user]c", tokenizer.Encode("[user]c"), "1");
        Assert.Equal(tokenizer.Encode("a [user]c"), tokenizer.EncodeInPlaceOf(prompt, "a [user]c"));
    }
}
