using System.Text.Json.Nodes;

namespace RolloutLab.EndToEndTests.Training;

/// <summary>Models on data without a recipe: <c>eval --dataset</c> and <c>chat</c>.</summary>
public sealed class DatasetTests : IDisposable
{
    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    [Fact]
    public void A_dataset_without_a_recipe_scores_as_with_the_recipe_that_says_the_same()
    {
        var plain = _program.Run(
            "eval", TrainingProgram.Warmup, "--dataset", "heldout.jsonl", "--limit", "8", "--k", "1,4", "--max-new-tokens", "60", "--seed", "3", "--json");
        var recipe = _program.Run(
            "eval", TrainingProgram.Warmup, "--recipe", "tiny.yaml", "--set", "evaluation.max_new_tokens=60", "--json");

        Assert.Equal((0, 0), (plain.Code, recipe.Code));
        var (a, b) = (JsonNode.Parse(plain.Out)!["final"]!, JsonNode.Parse(recipe.Out)!["final"]!);
        Assert.Equal(b.ToJsonString(), a.ToJsonString());
        Assert.InRange((double)a["pass_at_1"]!, 0.05, 0.95);
    }

    [Theory]
    [InlineData(2, "--k: goes with --dataset", "eval", "m", "--k", "1,8")]
    [InlineData(2, "--k 1,x: must be whole numbers", "eval", "m", "--dataset", "heldout.jsonl", "--k", "1,x")]
    [InlineData(2, "--verifier fancy: must be one of numeric, countdown", "eval", "m", "--dataset", "heldout.jsonl", "--verifier", "fancy")]
    [InlineData(2, "neither a model folder", "eval", ".", "--dataset", "heldout.jsonl")]
    [InlineData(2, "none.jsonl: no such file", "eval", "WARMUP", "--dataset", "none.jsonl")]
    [InlineData(2, "has no chat template", "eval", "WARMUP", "--dataset", "heldout.jsonl", "--system", "x")]
    [InlineData(2, "field 'question' is missing; the line has 'id', 'numbers', 'target'", "eval", "WARMUP", "--dataset", "heldout.jsonl", "--format", "jsonl", "--prompt-field", "question")]
    [InlineData(2, "neither a model folder", "chat", ".", "--prompt", "x")]
    [InlineData(2, "has no chat template", "chat", "WARMUP", "--prompt", "x", "--system", "y")]
    public void What_is_wrong_is_one_line(int code, string expected, params string[] arguments)
    {
        var result = _program.Run([.. arguments.Select(a => a == "WARMUP" ? TrainingProgram.Warmup : a)]);
        var line = Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.Equal(code, result.Code);
    }

    [Fact]
    public void Chat_continues_text_and_says_the_same_again()
    {
        string[] call = ["chat", TrainingProgram.Warmup, "--prompt", "6 7 4:46=", "--max-new-tokens", "40"];
        var text = _program.Run(call);
        var json = _program.Run([.. call, "--json"]);

        Assert.Equal((0, 0), (text.Code, json.Code));
        var answer = JsonNode.Parse(json.Out)!;
        Assert.Equal(text.Out, (string)answer["response"]! + "\n");
        Assert.NotEmpty((string)answer["response"]!);
        Assert.Equal(("6 7 4:46=", 9), ((string)answer["prompt"]!, (int)answer["prompt_tokens"]!));
        Assert.InRange((int)answer["tokens"]!, 1, 40);
        Assert.Equal((string)answer["finish_reason"]! == "stop" ? (int)answer["tokens"]! - 1 : 40, ((string)answer["response"]!).Length);
    }
}
