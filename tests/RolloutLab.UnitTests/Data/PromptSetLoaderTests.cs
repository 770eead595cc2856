using System.Text;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Rewards;

namespace RolloutLab.UnitTests.Data;

public sealed class PromptSetLoaderTests
{
    private static readonly DemonstrationFormat Gsm8kDemonstrations = new(
        "question", "answer", new PromptText(new TextTemplate("Question: {prompt}\nAnswer:", "prompt")), new TextTemplate(" {response}", "response"));

    private static readonly ByteTokenizer Tokenizer = new(["<end>"], "<end>");
    private static readonly ColumnPromptFormat Plain = new(new PromptColumns("q", ["a"], null, []), new PromptText(new TextTemplate("Q: {prompt}\n", "prompt")));

    [Fact]
    public void Countdown_files_become_prompts_in_order()
    {
        var path = Path.Combine(Repository.Root, "data", "countdown", "heldout.jsonl");
        var options = new PromptSetOptions { MaxPromptTokens = 20, Limit = 256 };
        var set = new PromptSetLoader(CountdownVocabulary.CreateTokenizer(), options).Load("eval", path, new CountdownPromptFormat());
        Assert.Equal((256, 0), (set.Prompts.Count, set.Summary.Dropped));
        Assert.Equal(Enumerable.Range(0, 256), set.Prompts.Select(p => p.Index));
        var (first, example) = (set.Prompts[0], CountdownFile.Read(path)[0]);
        Assert.Equal(("heldout-00000", string.Join(' ', example.Problem.Numbers) + ":" + example.Problem.Target), (first.Id, first.Answer));
        Assert.Equal(first.Answer + "=", first.Text);
        Assert.Equal(first.Text, CountdownVocabulary.CreateTokenizer().Decode(first.TokenIds));
    }

    [Fact]
    public void Any_json_lines_with_a_prompt_and_an_answer_load()
    {
        const string Lines = "\uFEFF{\"q\":\"é {prompt}?\",\"a\":1.50,\"id\":7}\r\n\n  \n{\"q\":\"two\",\"a\":\"x\",\"extra\":[{}]}";
        var set = Load(Lines);
        Assert.Equal(["Q: é {prompt}?\n", "Q: two\n"], set.Prompts.Select(p => p.Text));
        Assert.Equal(["1.50", "x"], set.Prompts.Select(p => p.Answer));
        Assert.Equal(["7", "4"], set.Prompts.Select(p => p.Id));
        Assert.Equal("set", set.Name);
    }

    [Fact]
    public void Gsm8k_answers_are_what_follows_the_last_hashes()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("g.jsonl", "{\"question\":\"How many?\",\"answer\":\"#### 3\\n1+1\\n#### 2,125\"}\n");
        var set = Loader(tokens: 64).Load("g", path, Gsm8k());
        Assert.Equal(("Question: How many?\nAnswer:", "2,125"), (set.Prompts[0].Text, set.Prompts[0].Answer));
        folder.Write("g.jsonl", "{\"question\":\"How many?\",\"answer\":\"2\"}\n");
        Fails("g.jsonl:1: field 'answer' has no final answer after '####'", () => Loader(tokens: 64).Load("g", path, Gsm8k()));
    }

    [SharedDataFact("gsm8k/test.jsonl")]
    public void All_of_gsm8k_loads_and_its_own_solutions_are_graded_correct()
    {
        var path = SharedDataFactAttribute.Locate("gsm8k/test.jsonl");
        var options = new PromptSetOptions { MaxPromptTokens = 1024, Overlong = DropPolicy.Skip };
        var set = new PromptSetLoader(Tokenizer, options).Load("gsm8k", path, Gsm8k());
        Assert.Equal(1319, set.Prompts.Count + set.Summary.Dropped);
        var demonstrations = new JsonlDemonstrationSource(path, Gsm8kDemonstrations, Tokenizer, 4096, new RandomStreams(1));
        Assert.Equal((1319, 0), (demonstrations.Count, demonstrations.Dropped));
        var verifier = new NumericAnswerVerifier(new NumericAnswerOptions());
        var prompts = set.Prompts.ToDictionary(p => p.Text, StringComparer.Ordinal);
        var graded = 0;
        for (var i = 0; i < demonstrations.Count; i++)
        {
            var text = Tokenizer.Decode(demonstrations.At(i).PromptIds);
            if (prompts.TryGetValue(text, out var prompt))
            {
                Assert.True(verifier.Verify(prompt, Tokenizer.Decode(demonstrations.At(i).ResponseIds)).IsCorrect, text);
                graded++;
            }
        }

        Assert.Equal(set.Prompts.Count, graded);
    }

    [Theory]
    [InlineData("{\"q\":\"x\"", ":2: not valid JSON")]
    [InlineData("{\"q\":\"x\",\"a\":\"1\"} {}", ":2: not valid JSON")]
    [InlineData("[1]", ":2: a JSON Array where an object is needed")]
    [InlineData("{\"q\":\"x\"}", ":2: field 'a' is missing; the line has 'q'")]
    [InlineData("{}", ":2: field 'q' is missing; the line has no fields")]
    [InlineData("{\"q\":5,\"a\":\"1\"}", ":2: field 'q' must be text or a list of chat messages, not 5")]
    [InlineData("{\"q\":null,\"a\":\"1\"}", ":2: field 'q' is empty; mend the row, or set 'incomplete: skip'")]
    [InlineData("{\"q\":\" \",\"a\":\"1\"}", ":2: field 'q' is empty; mend the row, or set 'incomplete: skip'")]
    [InlineData("{\"q\":\"x\",\"a\":\"\"}", ":2: field 'a' is empty; mend the row, or set 'incomplete: skip'")]
    [InlineData("{\"q\":\"x\",\"a\":[1]}", ":2: field 'a' must be a string or a number, not a JSON Array")]
    [InlineData("{\"q\":\"x\",\"q\":\"y\",\"a\":\"1\"}", ":2: not valid JSON")]
    [InlineData("{\"q\":\"x\\u0000\",\"a\":\"1\"}", ":2: field 'q' has a NUL character")]
    [InlineData("{\"q\":\"x\\ud800\",\"a\":\"1\"}", ":2: field 'q' has an unpaired surrogate")]
    [InlineData("{\"q\":\"x\0\",\"a\":\"1\"}", ":2: the line has a NUL byte")]
    [InlineData("{\"q\":\"x\",\"a\":\"1\",\"id\":\"first\"}", ":2: id 'first' was used before, in line 1")]
    [InlineData("{\"q\":\"12345678901234567890\",\"a\":\"1\"}", ":2: the prompt has 24 tokens, more than the limit of 20")]
    public void A_bad_line_is_one_error_with_file_line_and_reason(string line, string expected)
    {
        const string Before = "{\"q\":\"ok\",\"a\":\"1\",\"id\":\"first\"}\n";
        Fails("set.jsonl" + expected, () => Load(Before + line + "\n{\"q\":\"ok\",\"a\":\"1\"}\n"));
    }

    [Fact]
    public void Deep_nesting_is_refused() =>
        Fails(":1: not valid JSON", () => Load("{\"q\":" + new string('[', 100_000)));

    [Fact]
    public void Invalid_utf8_is_refused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("bad.jsonl", [.. "{\"q\":\""u8, 0xC3, 0x28, .. "\",\"a\":\"1\"}\n"u8]);
        Fails("bad.jsonl:1: the line is not valid UTF-8; convert the file to UTF-8", () => Loader().Load("s", path, Plain));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void The_longest_line_is_one_mebibyte(int beyond, bool accepted)
    {
        const string Frame = "{\"q\":\"x\",\"a\":\"\"}";
        var filler = new string('y', JsonlReader.MaxLineBytes + beyond - Frame.Length);
        var content = "{\"q\":\"ok\",\"a\":\"1\"}\n" + Frame.Insert(Frame.Length - 2, filler);
        foreach (var end in new[] { string.Empty, "\n", "\n{\"q\":\"ok\",\"a\":\"1\"}" })
        {
            if (accepted)
            {
                Assert.Equal(JsonlReader.MaxLineBytes - Frame.Length, Load(content + end).Prompts[1].Answer.Length);
            }
            else
            {
                Fails(":2: the line is longer than 1048576 bytes", () => Load(content + end));
            }
        }
    }

    [Fact]
    public void Lines_survive_every_alignment_to_the_read_buffer()
    {
        var lines = Enumerable.Range(0, 400).Select(i => new string((char)('a' + (i % 26)), 1 + ((i * 37) % 4000))).ToList();
        var content = string.Join('\n', lines.Select(l => $"{{\"q\":\"x\",\"a\":\"{l}\"}}"));
        Assert.Equal(lines, Load(content).Prompts.Select(p => p.Answer));
    }

    [Fact]
    public void Overlong_prompts_are_skipped_and_counted_only_when_asked()
    {
        const string Lines = "{\"q\":\"12345678901234567890\",\"a\":1}\n{\"q\":\"short\",\"a\":2}\n{\"q\":\"also short\",\"a\":3}";
        var set = Load(Lines, DropPolicy.Skip);
        Assert.Equal(1, set.Summary.Dropped);
        Assert.Equal([(0, "2"), (1, "3")], set.Prompts.Select(p => (p.Index, p.Answer)));
        Fails("all 1 rows are left out: 1 longer than 20 tokens", () => Load(Lines.Split('\n')[0], DropPolicy.Skip));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n \n")]
    public void A_file_without_prompts_is_refused(string content) =>
        Fails("set.jsonl: has no prompts", () => Load(content));

    [Fact]
    public void Missing_files_folders_and_foreign_characters_are_named()
    {
        using var folder = new TemporaryFolder();
        Fails("none.jsonl: no such file", () => Loader().Load("s", folder["none.jsonl"], Plain));
        Fails("cannot be read", () => Loader().Load("s", folder.Root, Plain));
        var path = folder.Write("s.jsonl", "{\"q\":\"abc\",\"a\":1}");
        var loader = new PromptSetLoader(CountdownVocabulary.CreateTokenizer(), new PromptSetOptions { MaxPromptTokens = 20 });
        Fails("s.jsonl:1: the prompt cannot be tokenized: the tokenizer has no symbol for 'Q'", () => loader.Load("s", path, Plain));
    }

    [Theory]
    [InlineData("{\"id\":\"a\",\"numbers\":[1,2],\"target\":0}")]
    [InlineData("{\"id\":\"a\",\"numbers\":[1],\"target\":3}")]
    [InlineData("{\"id\":\"a\",\"numbers\":[1,2,3,4,5],\"target\":3}")]
    [InlineData("{\"id\":\"a\",\"numbers\":[1,2.5],\"target\":3}")]
    [InlineData("{\"id\":\"a\",\"numbers\":[1,99999999999],\"target\":3}")]
    [InlineData("{\"id\":\"a\",\"numbers\":[1,-2],\"target\":3}")]
    [InlineData("{\"id\":\"a\",\"numbers\":\"1 2\",\"target\":3}")]
    [InlineData("{\"numbers\":[1,2],\"target\":3}")]
    public void Bad_countdown_problems_are_refused(string line)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("c.jsonl", line);
        Fails("c.jsonl:1: ", () => Loader().Load("s", path, new CountdownPromptFormat()));
    }

    [Fact]
    public void A_template_needs_its_placeholder() =>
        Fails("has no {prompt}", () => new TextTemplate("Q: {question}", "prompt"));

    private static Gsm8kPromptFormat Gsm8k() => new(new PromptText(new TextTemplate("Question: {question}\nAnswer:", "question")));

    private static PromptSetLoader Loader(DropPolicy overlong = DropPolicy.Error, int tokens = 20) =>
        new(Tokenizer, new PromptSetOptions { MaxPromptTokens = tokens, Overlong = overlong });

    private static PromptSet Load(string content, DropPolicy overlong = DropPolicy.Error)
    {
        using var folder = new TemporaryFolder();
        return Loader(overlong).Load("set", folder.Write("set.jsonl", Encoding.UTF8.GetBytes(content)), Plain);
    }

    private static void Fails(string expected, Func<object> action)
    {
        var message = Assert.Throws<DataException>(action).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }
}
