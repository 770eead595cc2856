using System.Text;
using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.UnitTests.Data.Tokenizers;

public sealed class DamagedTokenizerTests
{
    [Theory]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0}}""", "'model' has no 'merges'")]
    [InlineData("model", """{"type":"Unigram","vocab":[]}""", "'model.type' is 'Unigram'; supported is BPE")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}""", "gives the id 0 to 'b' and to 'a'")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":-1},"merges":[]}""", "gives 'a' the id -1")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":["a b"]}""", "'b' is not in the vocabulary")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":["a"]}""", "needs two tokens in entry 0")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":0.1}""", "'model.dropout' is 0.1, which is not supported")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"?"}""", "'model.unk_token' is '?', which is not in the vocabulary")]
    [InlineData("normalizer", """{"type":"Precompiled"}""", "'normalizer' is of type 'Precompiled'")]
    [InlineData("pre_tokenizer", """{"type":"Sequence","pretokenizers":[{"type":"BertPreTokenizer"}]}""", "'pre_tokenizer.pretokenizers[0]' is of type 'BertPreTokenizer'")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Isolated"}""", "'pre_tokenizer.pattern.Regex' has \\w, which is not supported")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated"}""", "has a '(' that is never closed")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"\\p{Han}"},"behavior":"Isolated"}""", "has \\p{Han}")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"String":"a"},"behavior":"Odd"}""", "has the behavior 'Odd'")]
    [InlineData("decoder", """{"type":"WordPiece"}""", "'decoder' is of type 'WordPiece'")]
    [InlineData("post_processor", """{"type":"BertProcessing"}""", "'post_processor' is of type 'BertProcessing'")]
    [InlineData("added_tokens", """[{"id":3,"content":"<x>"}]""", "'added_tokens[0]' gives '<x>' the id 3, which contradicts")]
    [InlineData("added_tokens", """[{"id":"3","content":"<x>"}]""", "'added_tokens[0].id' must be a token id")]
    public void What_is_wrong_is_one_line_with_file_and_key(string section, string json, string expected)
    {
        using var small = SmallTokenizer.ByteLevel("a b").Set(section, json);
        var error = Assert.Throws<DataException>(() => small.Load());
        Assert.StartsWith(small.Path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Theory]
    [InlineData("tokenizer_config.json", "{}", "no token ends a response")]
    [InlineData("tokenizer_config.json", """{"eos_token":"<none>"}""", "has the eos_token '<none>', which the tokenizer does not have")]
    [InlineData("tokenizer_config.json", "[1]", "must be an object")]
    [InlineData("generation_config.json", """{"eos_token_id":[99999]}""", "'eos_token_id' names an id that the tokenizer, with 258 ids, does not have")]
    [InlineData("generation_config.json", "{", "generation_config.json: not valid JSON")]
    public void Files_beside_it_are_named_too(string name, string content, string expected)
    {
        using var small = SmallTokenizer.ByteLevel("a b").Write(name, content);
        Assert.Contains(expected, Assert.Throws<DataException>(() => small.Load()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Five_hundred_damaged_files_never_crash()
    {
        var random = new Random(5);
        var refused = 0;
        for (var i = 0; i < 500; i++)
        {
            using var small = i % 2 == 0 ? SmallTokenizer.ByteLevel("a b", "ab c") : SmallTokenizer.Marked(["▁", "a"], "▁ a");
            small.Set("post_processor", """{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}}],"special_tokens":{}}""");
            var config = """{"eos_token":"<eos>","bos_token":null,"chat_template":"{% for m in messages %}{{ m['content'] | trim }}{% endfor %}"}""";
            var inConfig = random.Next(3) == 0;
            var whole = Damaged(inConfig ? config : small.Json.ToJsonString(), random);
            small.Write("tokenizer_config.json", inConfig ? whole : config).Write("tokenizer.json", inConfig ? small.Json.ToJsonString() : whole);
            var error = Record.Exception(() =>
            {
                var tokenizer = (HuggingFaceTokenizer)TokenizerFile.Load(small.Path);
                _ = tokenizer.Decode(tokenizer.EncodeDocument("a ab <eos> \n 世 x"));
                _ = ChatTemplateFolder.Find(Path.GetDirectoryName(small.Path)!)?.Render([new ChatMessage("user", "x")]);
            });
            Assert.True(error is null or DataException, $"{error}");
            Assert.DoesNotContain('\n', error?.Message ?? "");
            refused += error is null ? 0 : 1;
        }

        Assert.InRange(refused, 200, 500);
    }

    private static string Damaged(string json, Random random)
    {
        if (random.Next(2) == 0)
        {
            return Altered(JsonNode.Parse(json)!, random);
        }

        var bytes = Encoding.UTF8.GetBytes(json);
        switch (random.Next(3))
        {
            case 0:
                return Encoding.UTF8.GetString(bytes, 0, random.Next(bytes.Length));
            case 1:
                var from = random.Next(bytes.Length);
                return Encoding.UTF8.GetString([.. bytes[..from], .. bytes[random.Next(from, bytes.Length)..]]);
            default:
                for (var flips = random.Next(1, 6); flips > 0; flips--)
                {
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(1, 128);
                }

                return Encoding.UTF8.GetString(bytes);
        }
    }

    // One value, somewhere, becomes another or goes.
    private static string Altered(JsonNode root, Random random)
    {
        var node = root;
        while (true)
        {
            var keys = node is JsonObject o ? o.Select(e => e.Key).ToArray() : null;
            var count = keys?.Length ?? (node as JsonArray)?.Count ?? 0;
            if (count == 0)
            {
                return Text(root);
            }

            var at = random.Next(count);
            var child = keys is null ? node[at] : node[keys[at]];
            if (child is JsonObject or JsonArray && random.Next(4) > 0)
            {
                node = child;
                continue;
            }

            var value = JsonNode.Parse(new[] { "null", "true", "-7", "1e99", "\"BAD\"", "\"x\\n\"", "[]", "{}", "[[[1]]]", "\"(\"" }[random.Next(10)]);
            if (node is JsonObject parent && random.Next(4) == 0)
            {
                parent.Remove(keys![at]);
            }
            else if (keys is null)
            {
                node[at] = value;
            }
            else
            {
                node[keys[at]] = value;
            }

            return Text(root);
        }

        static string Text(JsonNode node) => node.ToJsonString().Replace("\"BAD\"", "\"\\ud800\"", StringComparison.Ordinal);
    }
}
