using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.UnitTests.Data;

public sealed class JsonlDemonstrationSourceTests
{
    private static readonly DemonstrationFormat Gsm8kDemonstrations = new(
        "question", "answer", new PromptText(new TextTemplate("Question: {prompt}\nAnswer:", "prompt")), new TextTemplate(" {response}", "response"));

    private static readonly ByteTokenizer Tokenizer = new(["<end>"], "<end>");

    [Fact]
    public void Gsm8k_lines_become_question_and_answer_with_the_end_token()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("g.jsonl", "{\"question\":\"1+1?\",\"answer\":\"two\\n#### 2\"}\n");
        var source = new JsonlDemonstrationSource(path, Gsm8kDemonstrations, Tokenizer, 100, new RandomStreams(1));
        var demonstration = source.At(12345);
        Assert.Equal("Question: 1+1?\nAnswer:", Tokenizer.Decode(demonstration.PromptIds));
        Assert.Equal(" two\n#### 2", Tokenizer.Decode(demonstration.ResponseIds));
        Assert.Equal(Tokenizer.EndOfTextId, demonstration.ResponseIds[^1]);
    }

    [Fact]
    public void What_does_not_fit_is_dropped_and_counted_never_cut()
    {
        // Prompt 'P:x' (3), response of n bytes, end token (1): n = 6 fits 10 exactly.
        using var folder = new TemporaryFolder();
        var lines = new[] { 1, 6, 7, 20 }.Select(n => $"{{\"p\":\"x\",\"r\":\"{new string('y', n)}\"}}");
        var path = folder.Write("d.jsonl", string.Join('\n', lines));
        var source = Source(path, 10);
        Assert.Equal((2, 2, 24), (source.Count, source.Dropped, source.LongestTokens));
        Assert.Equal([2, 7], Enumerable.Range(0, 2).Select(i => source.At(i).ResponseIds.Length).Order());
        Assert.Equal($"{path}: 2 demonstrations, 2 dropped for more than 10 tokens (longest 24)", source.Summary);
        Assert.Contains("raise the limit", Assert.Throws<DataException>(() => Source(path, 4)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Epochs_are_permutations_keyed_by_the_seed()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("d.jsonl", string.Join('\n', Enumerable.Range(0, 50).Select(i => $"{{\"p\":\"{i}\",\"r\":\"y\"}}")));
        List<string> Epoch(JsonlDemonstrationSource source, int epoch) =>
            [.. Enumerable.Range(epoch * 50, 50).Select(i => Tokenizer.Decode(source.At(i).PromptIds))];
        var (source, same, other) = (Source(path, 10), Source(path, 10), Source(path, 10, seed: 2));
        Assert.Equal(50, Epoch(source, 0).Distinct().Count());
        Assert.Equal(Epoch(source, 0).Order(), Epoch(source, 1).Order());
        Assert.NotEqual(Epoch(source, 0), Epoch(source, 1));
        Assert.Equal(Epoch(source, 0), Epoch(same, 0));
        Assert.NotEqual(Epoch(source, 0), Epoch(other, 0));
    }

    [Theory]
    [InlineData("{\"p\":\"x\"}", ":1: field 'r' is missing")]
    [InlineData("{\"p\":\"x\",\"r\":\"\"}", ":1: the response is empty")]
    [InlineData("{\"p\":\"x\",\"r\":7}", ":1: field 'r' must be a string, not 7")]
    [InlineData("", ": has no demonstrations")]
    public void Bad_lines_are_named(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("d.jsonl", content);
        Assert.Contains("d.jsonl" + expected, Assert.Throws<DataException>(() => Source(path, 10)).Message, StringComparison.Ordinal);
    }

    private static JsonlDemonstrationSource Source(string path, int maxTokens, ulong seed = 1)
    {
        var (prompt, response) = (new TextTemplate("P:{prompt}", "prompt"), new TextTemplate("{response}", "response"));
        var format = new DemonstrationFormat("p", "r", new PromptText(prompt), response);
        return new JsonlDemonstrationSource(path, format, Tokenizer, maxTokens, new RandomStreams(seed));
    }
}
