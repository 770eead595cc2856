namespace RolloutLab.EndToEndTests.CommandLine;

public sealed class UsageTests
{
    [Theory]
    [InlineData("trian x", "unknown command trian; did you mean train?")]
    [InlineData("recipe chek x", "unknown command chek; did you mean check?")]
    [InlineData("frobnicate", "unknown command frobnicate; see rolloutlab --help")]
    [InlineData("recipe", "rolloutlab recipe needs one of the commands show, check, schema; see rolloutlab recipe --help")]
    [InlineData("train", "rolloutlab train needs a <recipe>; see rolloutlab train --help")]
    [InlineData("train a b", "unexpected argument b; see rolloutlab train --help")]
    [InlineData("train x --thread 1", "unknown option --thread; did you mean --threads?")]
    [InlineData("train --thread=1 x", "unknown option --thread; did you mean --threads?")]
    [InlineData("recipe check a.yaml --sett a=1", "unknown option --sett; did you mean --set?")]
    [InlineData("doctor --jsn", "unknown option --jsn; did you mean --json?")]
    [InlineData("train x --set", "option --set needs a value; see rolloutlab train --help")]
    [InlineData("train x --set a", "--set a: give a recipe path and a value, such as --set rollout.temperature=0.8; see rolloutlab train --help")]
    [InlineData("train x --set =1", "--set =1: give a recipe path and a value, such as --set rollout.temperature=0.8; see rolloutlab train --help")]
    [InlineData("train x --seed -1", "--seed -1: must be a whole number of at least 0; see rolloutlab train --help")]
    [InlineData("train x --seed 1.5", "--seed 1.5: must be a whole number of at least 0; see rolloutlab train --help")]
    [InlineData("train x --seed 99999999999999999999", "--seed 99999999999999999999: must be a whole number of at least 0; see rolloutlab train --help")]
    [InlineData("sft x --threads 0", "--threads 0: must be a whole number from 1 to 4096; see rolloutlab sft --help")]
    [InlineData("data countdown", "rolloutlab data countdown needs --out <folder>; see rolloutlab data countdown --help")]
    [InlineData("data countdown --out x --share-four 1.5", "--share-four 1.5: must be a number from 0 to 1; see rolloutlab data countdown --help")]
    [InlineData("data countdown --out x --share-four NaN", "--share-four NaN: must be a number from 0 to 1; see rolloutlab data countdown --help")]
    public void A_wrong_call_is_one_line_that_says_what_and_what_instead(string call, string expected)
    {
        var result = InProcess.Call(call.Split(' '));
        Assert.Equal(new CallResult(2, "", $"rolloutlab: {expected}{Environment.NewLine}"), result);
    }

    [Fact]
    public void A_word_that_begins_with_an_at_sign_is_no_response_file()
    {
        var runs = new RecordingRuns(_ => RolloutLab.Runs.RunEnding.Finished);
        InProcess.Call(runs, "train", "@my.yaml");
        Assert.Equal("@my.yaml", runs.Arguments!.Recipe);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("train", "train ")]
    [InlineData("sft", "sft ")]
    [InlineData("eval", "eval ")]
    [InlineData("chat", "chat ")]
    [InlineData("doctor", "doctor")]
    [InlineData("data", "data ")]
    [InlineData("data countdown", "data countdown ")]
    [InlineData("recipe", "recipe ")]
    [InlineData("recipe show", "recipe show ")]
    [InlineData("recipe check", "recipe check ")]
    [InlineData("recipe schema", "recipe schema")]
    public void Help_describes_and_gives_examples_that_are_of_the_command(string command, string exampleStart)
    {
        var result = InProcess.Call([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal((0, ""), (result.Code, result.Error));
        var lines = result.Out.Split(Environment.NewLine);
        Assert.True(lines[Array.IndexOf(lines, "Description:") + 1].Trim().Length > 10);
        var examples = lines.SkipWhile(line => line != "Examples:").Skip(1).TakeWhile(line => line.Length > 0).ToArray();
        Assert.InRange(examples.Length, 2, 3);
        Assert.All(examples, example => Assert.StartsWith($"  rolloutlab {exampleStart}", example, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_example_can_be_parsed()
    {
        string[] commands = ["", "train", "sft", "eval", "doctor", "data", "data countdown", "recipe", "recipe show", "recipe check", "recipe schema"];
        foreach (var command in commands)
        {
            var help = InProcess.Call([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]).Out.Split(Environment.NewLine);
            foreach (var example in help.SkipWhile(line => line != "Examples:").Skip(1).TakeWhile(line => line.Length > 0))
            {
                var call = example.Trim().Split("  ")[0].Split(" > ")[0].Split(' ')[1..];
                // The help option wins over the command, but not over words that the command does not know.
                var result = InProcess.Call([.. call, "--help"]);
                Assert.True(result.Code == 0, $"{example}: {result.Error}");
                Assert.True(InProcess.Call([.. call, "--no-such-option"]).Error.Contains("unknown option --no-such-option", StringComparison.Ordinal), example);
            }
        }
    }

    [Fact]
    public void Without_a_command_the_help_with_the_exit_codes_is_shown()
    {
        var result = InProcess.Call();
        Assert.Equal(0, result.Code);
        foreach (var code in new[] { "  0    ", "  1    ", "  2    ", "  69   ", "  130  " })
        {
            Assert.Contains($"{Environment.NewLine}{code}", result.Out, StringComparison.Ordinal);
        }
    }
}
