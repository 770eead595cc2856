using System.Text;
using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.UnitTests.Data;

public class ExampleCorpusTests
{
    [Fact]
    public void It_is_bounded_keeps_one_example_a_prompt_and_forgets_the_oldest()
    {
        var corpus = new ExampleCorpus(2, 3);
        corpus.Add(Example(0, "first"));
        corpus.Add(Example(1, "second"));
        corpus.Add(Example(0, "third"));
        corpus.Add(Example(2, "fourth"));

        Assert.Equal(2, corpus.Count);
        Assert.Equal([(0, "third"), (2, "fourth")], corpus.Nearest(Ask(9, "q9 of it"), 9, 0).Select(e => (e.Example.Prompt, e.Example.Solution)));
    }

    [Fact]
    public void Neither_the_own_example_nor_one_of_the_same_text_is_shown()
    {
        var corpus = new ExampleCorpus(9, 3);
        corpus.Add(new SolvedExample(0, "6 7 4:46=", "a"));
        corpus.Add(new SolvedExample(1, "6 7 4:46=", "b"));
        corpus.Add(new SolvedExample(2, "7 6 4:46=", "c"));

        Assert.Equal(["c"], corpus.Nearest(Ask(0, "6 7 4:46="), 1, 0).Select(e => e.Example.Solution));
        Assert.Equal(["b"], corpus.Nearest(Ask(0, "6 7 4:45="), 1, 0).Select(e => e.Example.Solution));
        Assert.Empty(corpus.Nearest(Ask(3, "1 2 3:9="), 5, 0.9));
    }

    [Fact]
    public void A_saved_corpus_goes_on_to_the_last_bit()
    {
        var corpus = new ExampleCorpus(40, 3);
        for (var i = 0; i < 100; i++)
        {
            corpus.Add(new SolvedExample(i * 7 % 60, $"{i % 11} {i % 7} {i % 5}:{i}=", $"s{i}\n\"ü\""));
        }

        var saved = Saved(corpus);
        var loaded = new ExampleCorpus(40, 3);
        loaded.LoadState(new MemoryStream(saved));

        Assert.Equal(saved, Saved(loaded));
        corpus.Add(Example(3, "late"));
        loaded.Add(Example(3, "late"));
        for (var i = 0; i < 60; i++)
        {
            var ask = Ask(i, $"{i % 11} {i % 5} 3:{i}=");
            Assert.Equal(corpus.Nearest(ask, 7, 0), loaded.Nearest(ask, 7, 0));
        }

        Assert.Equal(Saved(corpus), Saved(loaded));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("null")]
    [InlineData("[{\"prompt\":1}]")]
    [InlineData("[{\"prompt\":1,\"question\":\"a\",\"solution\":\"b\"},{\"prompt\":2,\"question\":\"a\",\"solution\":\"b\"},{\"prompt\":3,\"question\":\"a\",\"solution\":\"b\"}]")]
    public void A_state_of_something_else_is_refused(string state) =>
        Assert.Throws<CheckpointException>(() => new ExampleCorpus(2, 3).LoadState(new MemoryStream(Encoding.UTF8.GetBytes(state))));

    [Fact]
    public void A_template_shows_what_follows_the_mark_and_searches_no_value_for_placeholders()
    {
        var countdown = new ExampleTemplate("{prompt}{solution} ", "x");

        Assert.Equal("7*6=42,42+4=46!", countdown.Shown("7+6=13,13+4=17x6+4=10,10+7=17x7*6=42,42+4=46!"));
        Assert.Equal("7*6=42!", countdown.Shown("7*6=42!"));
        Assert.Equal("", countdown.Shown("7*6=42x"));
        Assert.Equal("6 7 4:46=7*6=42! ", countdown.Apply("6 7 4:46=", "7*6=42!"));
        Assert.Equal("Q {solution} A {prompt} {prompt}", new ExampleTemplate("Q {prompt} A {solution}", null).Apply("{solution}", "{prompt} {prompt}"));
    }

    private static SolvedExample Example(int prompt, string solution) => new(prompt, $"q{prompt} of it", solution);

    private static Prompt Ask(int index, string text) => new(index, $"p{index}", text, [1], "");

    private static byte[] Saved(ExampleCorpus corpus)
    {
        using var stream = new MemoryStream();
        corpus.SaveState(stream);
        return stream.ToArray();
    }
}
