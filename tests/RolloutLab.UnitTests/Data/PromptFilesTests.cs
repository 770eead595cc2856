using System.Globalization;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Data;

/// <summary>Prompt sets of several files, of Parquet, of the schemas of other trainers, and of more rows than memory is given.</summary>
public sealed class PromptFilesTests : IDisposable
{
    private static readonly ByteTokenizer Tokenizer = new(["<end>"], "<end>");
    private static readonly TextTemplate Bare = new("{prompt}", "prompt");
    private static readonly ChatFormat Chat = new(
        ChatTemplate.Parse("{% for m in messages %}[{{ m.role }}]{{ m.content }}{% if m.tool %}<{{ m.tool }}>{% endif %}{% endfor %}[assistant{{ mood }}]", "test"), "Be \"brief\".");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("data/*.jsonl", "a,b")]
    [InlineData("data/?.jsonl", "a,b")]
    [InlineData("**/*.jsonl", "a,b,d,c")]
    [InlineData("data/**", "a,b,note,d,c")]
    [InlineData("d*/sub/d.jsonl", "d")]
    public void A_pattern_stands_for_its_files_in_the_order_of_their_names(string pattern, string expected)
    {
        Directory.CreateDirectory(_folder["data/sub/deep"]);
        foreach (var name in new[] { "data/b.jsonl", "data/a.jsonl", "data/note.txt", "data/sub/d.jsonl", "data/sub/deep/c.jsonl" })
        {
            File.WriteAllText(_folder[name], "x");
        }

        var files = FilePattern.Expand(_folder[pattern]);
        Assert.Equal(expected, string.Join(',', files.Select(f => Path.GetFileNameWithoutExtension(f))));
    }

    [Fact]
    public void A_pattern_without_files_is_named_and_a_file_called_like_one_is_meant()
    {
        Fails("none*.jsonl: no file fits this pattern", () => FilePattern.Expand(_folder["none*.jsonl"]));
        Fails("no/*/x.jsonl: no file fits this pattern", () => FilePattern.Expand(_folder["no/*/x.jsonl"]));
        var odd = _folder.Write("what?.jsonl", "{}");
        _folder.Write("whatx.jsonl", "{}");
        Assert.Equal([odd], FilePattern.Expand(odd));
    }

    [Fact]
    public void Files_follow_each_other_and_rows_without_an_id_are_named_by_file_and_line()
    {
        _folder.Write("b.jsonl", "{\"prompt\":\"three\",\"answer\":3}\n");
        _folder.Write("a.jsonl", "{\"prompt\":\"one\",\"answer\":1}\n\n{\"prompt\":\"two\",\"answer\":2,\"id\":\"second\"}\n");
        using var set = Load("*.jsonl", Columns());
        Assert.Equal([("a.jsonl:1", "one"), ("second", "two"), ("b.jsonl:1", "three")], set.Prompts.Select(p => (p.Id, p.Text)));
        _folder.Write("c.jsonl", "{\"prompt\":\"four\",\"answer\":4,\"id\":\"second\"}\n");
        Fails("c.jsonl:1: id 'second' was used before, in line 3 of " + _folder["a.jsonl"] + "; ids must be unique", () => Load("*.jsonl", Columns()));
    }

    /// <summary>The same rows as JSON lines and as Parquet, in memory and not: the same prompts.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2_000)]
    [InlineData(1 << 20)]
    public void Parquet_and_json_lines_and_any_memory_give_the_same_prompts(long residentBytes)
    {
        var lines = Enumerable.Range(0, 300).Select(i =>
            $"{{\"prompt\":\"Täglich {i} 🙂 \\\"{new string('x', i % 50)}\\\"?\",\"reward_model\":{{\"ground_truth\":\"{i * i}\",\"style\":\"rule\"}},\"data_source\":\"s{i % 3}\",\"extra_info\":{{\"index\":{i}}}}}");
        _folder.Write("1.jsonl", string.Join('\n', lines.Take(100)));
        _folder.Write("2.jsonl", string.Join('\n', lines.Skip(100)) + "\n");
        Copy("SELECT * FROM read_json('{0}/1.jsonl', format = 'newline_delimited')", "p1.parquet");
        Copy("SELECT * FROM read_json('{0}/2.jsonl', format = 'newline_delimited')", "p2.parquet", "(FORMAT parquet, ROW_GROUP_SIZE 2048)");
        var format = new ColumnPromptFormat(new PromptColumns("prompt", ["reward_model.ground_truth"], null, ["data_source", "extra_info.index"]), new PromptText(Bare));

        using var text = Load("?.jsonl", format, residentBytes);
        using var parquet = Load("p?.parquet", format, residentBytes);

        Assert.Equal(residentBytes < 1 << 20, text.Summary.IsStreamed);
        Assert.Equal(300, text.Prompts.Count);
        Assert.Equal(("1.jsonl:8", "49", "{\"data_source\":\"s1\",\"extra_info.index\":7}"), (text.Prompts[7].Id, text.Prompts[7].Answer, text.Prompts[7].Extra));
        Assert.Equal("p2.parquet:51", parquet.Prompts[150].Id);
        foreach (var i in Enumerable.Range(0, 300).OrderBy(i => (i * 7919) % 300))
        {
            var (a, b) = (text.Prompts[i], parquet.Prompts[i]);
            Assert.Equal((a.Index, a.Text, a.Answer, a.Extra), (b.Index, b.Text, b.Answer, b.Extra));
            Assert.Equal(a.TokenIds, b.TokenIds);
            Assert.Equal(Tokenizer.Encode(a.Text), a.TokenIds);
        }

        Assert.Equal(text.Prompts.Select(p => p.Id), Enumerable.Range(0, 300).Select(i => text.Prompts[i].Id));
        Assert.Equal((text.Summary with { IsStreamed = false }).Describe(9), (parquet.Summary with { IsStreamed = false }).Describe(9));
    }

    [Fact]
    public void A_set_that_is_read_as_it_is_needed_is_shuffled_and_resumed_like_one_in_memory()
    {
        const int Rows = 20_000;
        var path = _folder["many.jsonl"];
        using (var file = File.CreateText(path))
        {
            for (var i = 0; i < Rows; i++)
            {
                file.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{{\"id\":\"row-{i}\",\"prompt\":\"question {i}\",\"answer\":\"{i}\"}}"));
            }
        }

        using var set = Load("many.jsonl", Columns(), residentBytes: 1 << 16);
        using var resident = Load("many.jsonl", Columns(), residentBytes: 1 << 26);
        Assert.Equal((true, false), (set.Summary.IsStreamed, resident.Summary.IsStreamed));
        Assert.Equal(("row-17777", "question 17777", 17777), (set.Prompts[17777].Id, set.Prompts[17777].Text, set.Prompts[17777].Index));

        var (sampler, again) = (new PromptSampler(set, new RandomStreams(3)), new PromptSampler(resident, new RandomStreams(3)));
        Assert.Equal(sampler.Next(50).Select(p => p.Id), again.Next(50).Select(p => p.Id));
        _ = sampler.Next(700);
        again.Restore(sampler.State);
        Assert.Equal(sampler.Next(20).Select(p => p.Id), again.Next(20).Select(p => p.Id));
    }

    [Fact]
    public void A_file_that_changed_is_refused_where_its_rows_are_read_again()
    {
        var path = _folder.Write("a.jsonl", "{\"prompt\":\"one\",\"answer\":1}\n{\"prompt\":\"two\",\"answer\":2}\n");
        using var set = Load("a.jsonl", Columns(), residentBytes: 0);
        Assert.Equal("two", set.Prompts[1].Text);
        File.AppendAllText(path, "\n");
        Fails("a.jsonl: the file was changed since the run began", () => set.Prompts[1]);
        File.Delete(path);
        Fails("a.jsonl: cannot be read again", () => set.Prompts[1]);
    }

    [Fact]
    public void What_is_left_out_is_counted_by_its_reason()
    {
        _folder.Write(
            "a.jsonl",
            "{\"prompt\":\"fits\",\"answer\":1}\n{\"prompt\":null,\"answer\":1}\n{\"prompt\":\"  \",\"answer\":1}\n{\"prompt\":\"no answer\",\"answer\":null}\n"
            + "{\"prompt\":\"no answer\",\"answer\":\"\"}\n{\"prompt\":\"no answer\",\"answer\":\" \"}\n{\"prompt\":\"" + new string('x', 70) + "\",\"answer\":1}\n{\"prompt\":\"fits too\",\"answer\":0}\n");
        var options = new PromptSetOptions { MaxPromptTokens = 64, Overlong = DropPolicy.Skip, Incomplete = DropPolicy.Skip, RoomyTokens = 4 };
        using var set = new PromptSetLoader(Tokenizer, options).Load("s", _folder["a.jsonl"], Columns());
        Assert.Equal(["fits", "fits too"], set.Prompts.Select(p => p.Text));
        Assert.Equal([0, 1], set.Prompts.Select(p => p.Index));
        Assert.Equal((8, 2, 6, 1), (set.Summary.Rows, set.Summary.Prompts, set.Summary.Dropped, set.Summary.Cramped));
        Assert.Equal(
            "8 rows, 2 prompts of 4 to 8 tokens (mean 6); left out: 1 longer than 64 tokens, 2 without a prompt, 3 without an answer", set.Summary.Describe(64));
    }

    [Fact]
    public void Columns_that_are_missing_or_of_another_type_are_named_with_those_there_are()
    {
        Copy("SELECT 'q' AS question, 7 AS solution, [1, 2] AS answer, {{'style': 'rule'}} AS reward_model, 1.5::DOUBLE / 0 AS score", "t.parquet");
        const string There = "the file has 'question', 'solution', 'answer', 'reward_model', 'score'";
        Fails("t.parquet:1: field 'prompt' is missing; " + There, () => Load("t.parquet", Columns()));
        Fails("t.parquet:1: field 'answer' must be a string or a number, not a JSON Array", () => Load("t.parquet", Columns("question")));
        Fails("t.parquet:1: field 'ground_truth' is missing", () => Load("t.parquet", Columns("question", "reward_model.ground_truth")));
        Fails("t.parquet:1: field 'question' must be an object", () => Load("t.parquet", Columns("question", "question.text")));
        Assert.Equal("7", Load("t.parquet", Columns("question", "solution")).Prompts[0].Answer);
        _folder.Write("broken.parquet", "PAR1 this is none");
        Fails("broken.parquet: cannot be read as Parquet", () => Load("broken.parquet", Columns()));
        Fails("none.parquet: no such file", () => Load("none.parquet", Columns()));
        Fails("t.parquet: Parquet cannot be read here", () => new PromptSetLoader(Tokenizer, new PromptSetOptions { MaxPromptTokens = 9 }).Load("s", _folder["t.parquet"], Columns()));
    }

    [Fact]
    public void A_chat_makes_text_a_turn_and_takes_messages_as_they_are()
    {
        _folder.Write(
            "a.jsonl",
            """
            {"prompt":"2+2?","answer":4}
            {"prompt":[{"role":"system","content":"Own."},{"role":"user","content":"3+3?"}],"answer":6}
            {"prompt":[{"role":"user","content":"a"},{"role":"assistant","content":"b","tool":7},{"role":"user","content":"c"}],"answer":1}
            """);
        var format = new ColumnPromptFormat(new PromptColumns("prompt", ["answer"], null, []), new PromptText(new TextTemplate("{prompt} Think.", "prompt"), Chat));
        using var set = Load("a.jsonl", format);
        Assert.Equal(
            ["[system]Be \"brief\".[user]2+2? Think.[assistant]", "[system]Own.[user]3+3?[assistant]", "[system]Be \"brief\".[user]a[assistant]b<7>[user]c[assistant]"],
            set.Prompts.Select(p => p.Text));
        Fails("a.jsonl:2: field 'prompt' holds chat messages, and nothing says how they become text; add data.chat", () => Load("a.jsonl", Columns()));
    }

    [Theory]
    [InlineData("[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]", "field 'prompt' ends with a message of the assistant")]
    [InlineData("[{\"role\":\"system\",\"content\":\"a\"}]", "field 'prompt' has no message of the user")]
    [InlineData("[{\"content\":\"a\"}]", "field 'role' is missing")]
    [InlineData("[\"a\"]", "field 'prompt' must be an array of objects")]
    [InlineData("[]", "field 'prompt' is empty")]
    [InlineData("{\"role\":\"user\"}", "field 'prompt' must be text or a list of chat messages")]
    public void Chats_that_are_none_are_named_by_row(string messages, string expected)
    {
        _folder.Write("a.jsonl", $"{{\"prompt\":{messages},\"answer\":1}}\n");
        Fails("a.jsonl:1: " + expected, () => Load("a.jsonl", new ColumnPromptFormat(new PromptColumns("prompt", ["answer"], null, []), new PromptText(Bare, Chat))));
    }

    [Fact]
    public void The_first_answer_column_that_a_row_has_counts()
    {
        _folder.Write("a.jsonl", "{\"prompt\":\"a\",\"solution\":\"1\",\"answer\":\"2\"}\n{\"prompt\":\"b\",\"answer\":\"3\"}\n{\"prompt\":\"c\",\"solution\":null,\"answer\":\"4\"}\n");
        using var set = Load("a.jsonl", new ColumnPromptFormat(new PromptColumns("prompt", ["solution", "answer"], null, []), new PromptText(Bare)));
        Assert.Equal(["1", "3", "4"], set.Prompts.Select(p => p.Answer));
        _folder.Write("b.jsonl", "{\"prompt\":\"a\"}");
        Fails("b.jsonl:1: field 'solution' is missing; the line has 'prompt'", () => Load("b.jsonl", new ColumnPromptFormat(new PromptColumns("prompt", ["solution", "answer"], null, []), new PromptText(Bare))));
    }

    [Fact]
    public void Reading_can_be_stopped_and_tells_how_far_it_is()
    {
        _folder.Write("a.jsonl", string.Join('\n', Enumerable.Range(0, 1000).Select(i => $"{{\"prompt\":\"{i}\",\"answer\":1}}")));
        using var stop = new CancellationTokenSource();
        var told = new List<ReadProgress>();
        var progress = new Told(p =>
        {
            told.Add(p);
            stop.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => Loader().Load("s", _folder["a.jsonl"], Columns(), progress, stop.Token));
        Assert.Equal(new FileInfo(_folder["a.jsonl"]).Length, Assert.Single(told).BytesTotal);
        Assert.InRange(told[0].BytesDone, 1, told[0].BytesTotal / 2);
    }

    private static ColumnPromptFormat Columns(string prompt = "prompt", string answer = "answer") => new(new PromptColumns(prompt, [answer], null, []), new PromptText(Bare));

    private static PromptSetLoader Loader(long residentBytes = 1 << 20) =>
        new(Tokenizer, new PromptSetOptions { MaxPromptTokens = 200, ResidentBytes = residentBytes }, new DuckDbParquetReader());

    private PromptSet Load(string name, IPromptFormat format, long residentBytes = 1 << 20) => Loader(residentBytes).Load("set", _folder[name], format);

    private void Copy(string select, string name, string options = "(FORMAT parquet)")
    {
        using var database = new DuckDbConnection();
        database.Execute($"COPY ({string.Format(CultureInfo.InvariantCulture, select, _folder.Root)}) TO {DuckDbConnection.Literal(_folder[name])} {options}");
    }

    private static void Fails(string expected, Func<object> action)
    {
        var message = Assert.Throws<DataException>(action).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private sealed class Told(Action<ReadProgress> tell) : IProgress<ReadProgress>
    {
        public void Report(ReadProgress value) => tell(value);
    }
}
