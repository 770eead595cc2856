using System.Text.Json.Nodes;
using RolloutLab.Data;

namespace RolloutLab.UnitTests.Data.Tokenizers;

/// <summary>A tokenizer of a few hundred tokens in a folder of its own, changed as a test needs.</summary>
internal sealed class SmallTokenizer : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private SmallTokenizer(JsonObject json) => Json = json;

    public JsonObject Json { get; }

    public JsonObject Vocabulary => (JsonObject)Json["model"]!["vocab"]!;

    public string Path => _folder["tokenizer.json"];

    /// <summary>Byte-level: ids 0 to 255 are the bytes in the order of their characters, merged tokens follow, then <c>&lt;eos&gt;</c>.</summary>
    public static SmallTokenizer ByteLevel(params string[] merges)
    {
        var printable = Enumerable.Range('!', 94).Concat(Enumerable.Range(0xA1, 12)).Concat(Enumerable.Range(0xAE, 82)).ToList();
        var alphabet = printable.Concat(Enumerable.Range(0x100, 256 - printable.Count)).Select(c => ((char)c).ToString());
        var json = Make(alphabet.Concat(merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal))), merges);
        json["pre_tokenizer"] = Parse("""{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}""");
        json["decoder"] = Parse("""{"type":"ByteLevel"}""");
        return new SmallTokenizer(json);
    }

    /// <summary>As Llama 2: blanks are marks, unknown characters are bytes.</summary>
    public static SmallTokenizer Marked(string[] tokens, params string[] merges)
    {
        var bytes = Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>");
        var json = Make(new[] { "<unk>" }.Concat(bytes).Concat(tokens), merges);
        json["model"]!["byte_fallback"] = true;
        json["model"]!["fuse_unk"] = true;
        json["model"]!["unk_token"] = "<unk>";
        json["normalizer"] = Parse("""{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}""");
        json["decoder"] = Parse("""
            {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
             {"type":"Strip","content":" ","start":1,"stop":0}]}
            """);
        return new SmallTokenizer(json);
    }

    /// <summary>Adds a token that is looked for in texts; its id is the next one.</summary>
    public SmallTokenizer With(string content, bool singleWord = false, bool left = false, bool right = false, bool normalized = false, bool special = false)
    {
        var added = (JsonArray)Json["added_tokens"]!;
        added.Add(new JsonObject
        {
            ["id"] = Vocabulary.Count + added.Count - 1,
            ["content"] = content,
            ["single_word"] = singleWord,
            ["lstrip"] = left,
            ["rstrip"] = right,
            ["normalized"] = normalized,
            ["special"] = special,
        });
        return this;
    }

    public SmallTokenizer Set(string section, string json)
    {
        Json[section] = Parse(json);
        return this;
    }

    public SmallTokenizer Write(string name, string content)
    {
        _folder.Write(name, content);
        return this;
    }

    public HuggingFaceTokenizer Load()
    {
        if (!File.Exists(_folder["tokenizer_config.json"]))
        {
            Write("tokenizer_config.json", """{"eos_token":"<eos>"}""");
        }

        Write("tokenizer.json", Json.ToJsonString());
        return (HuggingFaceTokenizer)TokenizerFile.Load(Path);
    }

    /// <summary>The tokens of a text, as the file spells them.</summary>
    public static string Tokens(HuggingFaceTokenizer tokenizer, string text) =>
        string.Join('|', tokenizer.Encode(text).Select(id => tokenizer.Decode([id], skipSpecialTokens: false)));

    public void Dispose() => _folder.Dispose();

    private static JsonObject Make(IEnumerable<string> tokens, string[] merges)
    {
        var vocabulary = new JsonObject();
        foreach (var token in tokens.Append("<eos>"))
        {
            vocabulary[token] = vocabulary.Count;
        }

        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(new JsonObject { ["id"] = vocabulary.Count - 1, ["content"] = "<eos>", ["special"] = true }),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray([.. merges.Select(merge => (JsonNode)merge)]) },
        };
    }

    private static JsonNode Parse(string json) => JsonNode.Parse(json)!;
}
