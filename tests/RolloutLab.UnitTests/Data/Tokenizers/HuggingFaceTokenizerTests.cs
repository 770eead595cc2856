using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.UnitTests.Data.Tokenizers;

public sealed class HuggingFaceTokenizerTests
{
    private const string Llama3Pattern =
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    [Fact]
    public void Merges_apply_by_rank_in_both_spellings()
    {
        // "hello": l+l has rank 0, h+e rank 1, he+ll rank 2; "ll" first is why "el" never forms.
        using var strings = SmallTokenizer.ByteLevel("l l", "h e", "he ll", "e l");
        using var pairs = SmallTokenizer.ByteLevel("l l", "h e", "he ll", "e l");
        pairs.Json["model"]!["merges"] = JsonNode.Parse("""[["l","l"],["h","e"],["he","ll"],["e","l"]]""");
        foreach (var small in new[] { strings, pairs })
        {
            var tokenizer = small.Load();
            Assert.Equal("hell|o|he|l|o", SmallTokenizer.Tokens(tokenizer, "hellohelo"));
            Assert.Equal([256, 257, 258, 259], new[] { "ll", "he", "hell", "el" }.Select(token => tokenizer.TokenId(token)!.Value));
        }
    }

    [Fact]
    public void Random_words_merge_as_the_plain_algorithm_does()
    {
        var random = new Random(3);
        for (var round = 0; round < 20; round++)
        {
            var tokens = new List<string> { "a", "b", "c", "d" };
            var merges = new List<(string Left, string Right)>();
            while (merges.Count < 30)
            {
                var pair = (tokens[random.Next(tokens.Count)], tokens[random.Next(tokens.Count)]);
                if (pair.Item1.Length + pair.Item2.Length < 12 && !tokens.Contains(pair.Item1 + pair.Item2))
                {
                    merges.Add(pair);
                    tokens.Add(pair.Item1 + pair.Item2);
                }
            }

            using var small = SmallTokenizer.ByteLevel([.. merges.Select(merge => $"{merge.Left} {merge.Right}")]);
            var tokenizer = small.Load();
            for (var i = 0; i < 50; i++)
            {
                var word = string.Concat(Enumerable.Range(0, random.Next(1, 120)).Select(_ => "abcd"[random.Next(4)]));
                Assert.Equal(string.Join('|', Plainly(word, merges)), SmallTokenizer.Tokens(tokenizer, word));
            }
        }
    }

    [Fact]
    public void Ignoring_merges_takes_a_whole_word_of_the_vocabulary()
    {
        using var small = SmallTokenizer.ByteLevel("a b");
        small.Vocabulary["abc"] = 900;
        Assert.Equal("ab|c", SmallTokenizer.Tokens(small.Load(), "abc"));
        small.Json["model"]!["ignore_merges"] = true;
        Assert.Equal([900], small.Load().Encode("abc"));
        Assert.Equal(901, small.Load().VocabularySize);
        Assert.Equal("", small.Load().Decode([500]));
    }

    [Fact]
    public void Added_tokens_follow_their_flags()
    {
        using var small = SmallTokenizer.ByteLevel()
            .With("<l>", left: true).With("<r>", right: true).With("word", singleWord: true).With("<a").With("<a><b>").With("Ǻ", normalized: true)
            .Set("normalizer", """{"type":"NFC"}""");
        var tokenizer = small.Load();
        Assert.Equal("x|<l>| |y", SmallTokenizer.Tokens(tokenizer, "x  <l> y"));
        Assert.Equal("x| |<r>|y", SmallTokenizer.Tokens(tokenizer, "x <r> \n y"));
        Assert.Equal("word| |w|o|r|d|s|-|word|.", SmallTokenizer.Tokens(tokenizer, "word words-word."));
        Assert.Equal("<a><b>|<a|<a|>", SmallTokenizer.Tokens(tokenizer, "<a><b><a<a>"));
        Assert.Equal([tokenizer.TokenId("Ǻ")!.Value], tokenizer.Encode("A\u030a\u0301"));
        Assert.Equal([tokenizer.TokenId("Ǻ")!.Value], tokenizer.Encode("\u212b\u0301"));
        Assert.Equal("x", tokenizer.Decode(tokenizer.Encode("x<eos>")));
        Assert.Equal("x<eos>", tokenizer.Decode(tokenizer.Encode("x<eos>"), skipSpecialTokens: false));
    }

    [Fact]
    public void A_text_of_its_own_gets_what_the_post_processor_adds()
    {
        using var small = SmallTokenizer.ByteLevel().With("<bos>", special: true).Set("post_processor", """
            {"type":"Sequence","processors":[{"type":"ByteLevel","trim_offsets":true},{"type":"TemplateProcessing",
             "single":[{"SpecialToken":{"id":"<bos>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],
             "special_tokens":{"<bos>":{"id":"<bos>","ids":[257],"tokens":["<bos>"]}}}]}
            """);
        var tokenizer = small.Load();
        Assert.Equal([257, .. tokenizer.Encode("ab")], tokenizer.EncodeDocument("ab"));
        Assert.Equal(2, tokenizer.Encode("ab").Length);
    }

    [Fact]
    public void Llama_2_marks_blanks_and_falls_back_to_bytes()
    {
        using var small = SmallTokenizer.Marked(["▁", "a", "b", "▁a", "ab"], "▁ a", "a b");
        var tokenizer = small.Load();
        var ids = tokenizer.Encode("a ab  世");
        Assert.Equal(["▁a", "▁a", "b", "▁", "▁", "<0xE4>", "<0xB8>", "<0x96>"], ids.Select(id => small.Vocabulary.First(token => (int)token.Value! == id).Key));
        Assert.Equal("a ab  世", tokenizer.Decode(ids));
        var decoder = tokenizer.StartDecoding();
        string[] pieces = [.. ids.Select(decoder.Push), decoder.Finish()];
        Assert.Equal(["a", " a", "b", " ", " ", "", "", "", "世"], pieces);
        Assert.Equal("a\ufffd\ufffda", tokenizer.Decode([.. tokenizer.Encode("a"), 0xE4 + 1, 0xB8 + 1, small.Vocabulary["a"]!.GetValue<int>()]));
    }

    [Theory]
    [InlineData("Removed", "the|final|countdown")]
    [InlineData("Isolated", "the|-|final|-|-|countdown")]
    [InlineData("MergedWithPrevious", "the-|final-|-|countdown")]
    [InlineData("MergedWithNext", "the|-final|-|-countdown")]
    [InlineData("Contiguous", "the|-|final|--|countdown")]
    public void Splits_behave_as_documented(string behavior, string expected)
    {
        foreach (var pattern in new[] { "{\"String\":\"-\"}", "{\"Regex\":\"-\"}" })
        {
            using var small = SmallTokenizer.ByteLevel();
            foreach (var word in new[] { "the", "final", "countdown", "the-", "final-", "-final", "-countdown", "--" })
            {
                small.Vocabulary[word] = small.Vocabulary.Count;
            }

            small.Json["model"]!["ignore_merges"] = true;
            small.Set("pre_tokenizer", $$"""
                {"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{{pattern}},"behavior":"{{behavior}}","invert":false},
                 {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}
                """);
            Assert.Equal(expected, SmallTokenizer.Tokens(small.Load(), "the-final--countdown"));
        }
    }

    [Theory]
    [InlineData(Llama3Pattern)]
    [InlineData("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+")]
    [InlineData("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+")]
    public void Patterns_scanned_by_hand_cut_as_the_expressions_do(string pattern)
    {
        using var known = Splitting(pattern);
        using var general = Splitting($"(?:{pattern})");
        var (byHand, byExpression) = (known.Load(), general.Load());
        var random = new RandomTexts(4, []);
        for (var i = 0; i < 3_000; i++)
        {
            var text = random.Next();
            Assert.Equal(SmallTokenizer.Tokens(byExpression, text), SmallTokenizer.Tokens(byHand, text));
        }
    }

    [Fact]
    public void Possessive_patterns_give_nothing_back()
    {
        // Greedy a+ab matches "aaab"; possessive a++ab never can.
        using var greedy = Splitting("a+ab|b");
        using var possessive = Splitting("a++ab|b");
        Assert.Equal("aaab", Pieces(greedy, "aaab"));
        Assert.Equal("aaa|b", Pieces(possessive, "aaab"));
    }

    [Fact]
    public void Ends_come_from_both_files()
    {
        using var small = SmallTokenizer.ByteLevel().With("<eot>", special: true)
            .Write("tokenizer_config.json", """{"eos_token":{"content":"<eot>","lstrip":false}}""").Write("generation_config.json", """{"eos_token_id":[256,257]}""");
        var tokenizer = small.Load();
        Assert.Equal([257, 256], tokenizer.EndOfTextIds);
        Assert.Equal(257, tokenizer.EndOfTextId);
    }

    [Fact]
    public void Saving_gives_the_files_back()
    {
        using var small = SmallTokenizer.ByteLevel("a b").Write("chat_template.jinja", "{{ messages[0].content }}{{ eos_token }}");
        using var target = new TemporaryFolder();
        TokenizerFile.Save(target["tokenizer.json"], small.Load());
        foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json", "chat_template.jinja" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(small.Path)!, name)), File.ReadAllBytes(target[name]));
        }

        Assert.Equal("ab", SmallTokenizer.Tokens((HuggingFaceTokenizer)TokenizerFile.Load(target["tokenizer.json"]), "ab"));
    }

    [Fact]
    public void Text_that_is_no_unicode_is_refused()
    {
        using var small = SmallTokenizer.ByteLevel();
        var error = Assert.Throws<DataException>(() => small.Load().Encode("ab\ud800c"));
        Assert.Contains("position 2", error.Message, StringComparison.Ordinal);
    }

    private static SmallTokenizer Splitting(string pattern) => SmallTokenizer.ByteLevel("a a", "aa a", "aaa b").Set("pre_tokenizer", new JsonObject
    {
        ["type"] = "Sequence",
        ["pretokenizers"] = new JsonArray(
            new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated", ["invert"] = false },
            new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = false }),
    }.ToJsonString());

    private static string Pieces(SmallTokenizer small, string text) => SmallTokenizer.Tokens(small.Load(), text);

    // As the paper has it: join every occurrence of the best pair, from the left, until none is left.
    private static List<string> Plainly(string word, List<(string Left, string Right)> merges)
    {
        var parts = word.Select(c => c.ToString()).ToList();
        while (true)
        {
            var best = Enumerable.Range(0, parts.Count - 1)
                .Select(at => (Rank: merges.IndexOf((parts[at], parts[at + 1])), At: at)).Where(pair => pair.Rank >= 0).DefaultIfEmpty((-1, -1)).Min();
            if (best.Item2 < 0)
            {
                return parts;
            }

            parts[best.Item2] += parts[best.Item2 + 1];
            parts.RemoveAt(best.Item2 + 1);
        }
    }
}
