using System.Globalization;
using System.Text;
using System.Text.Json;
using RolloutLab.Data;
using RolloutLab.UnitTests.Data.Peers;

namespace RolloutLab.UnitTests.Data.Tokenizers;

/// <summary>The tokenizer of Qwen2.5 against vectors of the Rust library and against the npm package.</summary>
public sealed class QwenTokenizerTests : IClassFixture<QwenTokenizerTests.Qwen>
{
    private const string Tokenizer = "qwen2.5-tokenizer/tokenizer.json";
    private const string Vectors = "qwen2.5-tokenizer/vectors.jsonl";

    private readonly Qwen _qwen;

    public QwenTokenizerTests(Qwen qwen) => _qwen = qwen;

    [SharedDataFact(Vectors)]
    public void Every_vector_is_exact()
    {
        var count = 0;
        foreach (var line in File.ReadLines(SharedDataFactAttribute.Locate(Vectors)))
        {
            using var vector = JsonDocument.Parse(line);
            var text = vector.RootElement.GetProperty("text").GetString()!;
            var ids = vector.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray();
            Assert.Equal(ids, _qwen.Tokenizer.Encode(text));
            Assert.Equal(vector.RootElement.GetProperty("decoded").GetString(), _qwen.Tokenizer.Decode(ids, skipSpecialTokens: false));
            count++;
        }

        Assert.Equal(197, count);
    }

    [NodeFact("@huggingface/tokenizers", Tokenizer)]
    public void Ten_thousand_random_texts_are_as_in_the_npm_package()
    {
        var random = new RandomTexts(20, ["<|im_start|>", "<|im_end|>", "<|endoftext|>", "<tool_call>", "</tool_call>"]);
        var texts = Enumerable.Range(0, 10_000).Select(_ => random.Next()).Where(text => !Differs(text)).ToList();
        Assert.InRange(texts.Count, 9_000, 10_000);
        var folder = Path.GetDirectoryName(SharedDataFactAttribute.Locate(Tokenizer))!;
        var answers = NodePeer.Run("encode.mjs", new { tokenizer = folder, texts });
        for (var i = 0; i < texts.Count; i++)
        {
            var ids = answers[i][0].EnumerateArray().Select(id => id.GetInt32()).ToArray();
            Assert.True(ids.SequenceEqual(_qwen.Tokenizer.Encode(texts[i])), JsonSerializer.Serialize(texts[i]));
            Assert.Equal(answers[i][1].GetString(), _qwen.Tokenizer.Decode(ids, skipSpecialTokens: false));
        }
    }

    [SharedDataFact(Tokenizer)]
    public void Texts_come_back_and_streaming_never_breaks_a_character()
    {
        var random = new RandomTexts(21, ["<|im_end|>"]);
        for (var i = 0; i < 2_000; i++)
        {
            var text = random.Next();
            var ids = _qwen.Tokenizer.Encode(text);
            var whole = _qwen.Tokenizer.Decode(ids, skipSpecialTokens: false);
            Assert.Equal(ids, _qwen.Tokenizer.Encode(whole));
            var decoder = _qwen.Tokenizer.StartDecoding(skipSpecialTokens: false);
            List<string> pieces = [.. ids.Select(decoder.Push), decoder.Finish()];
            Assert.Equal(whole, string.Concat(pieces));
            Assert.All(pieces, piece => Assert.DoesNotContain('\ufffd', piece));
        }
    }

    [SharedDataFact(Tokenizer)]
    public void Ends_and_special_tokens_come_from_the_files()
    {
        Assert.Equal((151665, 151645), (_qwen.Tokenizer.VocabularySize, _qwen.Tokenizer.EndOfTextId));
        Assert.Equal("hi", _qwen.Tokenizer.Decode(_qwen.Tokenizer.Encode("<|im_start|>hi<|im_end|>")));
        Assert.Equal("<tool_call>", _qwen.Tokenizer.Decode([151657]));
        Assert.Equal(151644, _qwen.Tokenizer.TokenId("<|im_start|>"));
        Assert.Throws<ArgumentOutOfRangeException>(() => _qwen.Tokenizer.Decode([151665]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _qwen.Tokenizer.StartDecoding().Push(-1));
    }

    [SharedDataFact(Tokenizer)]
    public void A_word_of_a_million_characters_is_not_quadratic()
    {
        var ids = _qwen.Tokenizer.Encode(new string('a', 1_000_000));
        Assert.Equal(new string('a', 1_000_000), _qwen.Tokenizer.Decode(ids));
    }

    // Where JavaScript and Oniguruma disagree, the vectors and Unicode side with Oniguruma: \s has U+FEFF in JavaScript only and
    // U+0085 in Oniguruma only; characters newer than one of the databases are letters to one side and not to the other.
    private static bool Differs(string text) => text.EnumerateRunes().Any(rune =>
        rune.Value is 0xFEFF or 0x85 || Rune.GetUnicodeCategory(rune) == UnicodeCategory.OtherNotAssigned);

    public sealed class Qwen
    {
        private readonly Lazy<HuggingFaceTokenizer> _tokenizer =
            new(() => (HuggingFaceTokenizer)TokenizerFile.Load(SharedDataFactAttribute.Locate(QwenTokenizerTests.Tokenizer)));

        public HuggingFaceTokenizer Tokenizer => _tokenizer.Value;
    }
}
