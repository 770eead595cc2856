using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Recipes;

public class RecipeOverrideTests
{
    // The minimal recipe with a key that only one type of verifier has, on line 5.
    private const string WithFormat = """
        model: { path: model }
        data:
          train: { type: countdown, path: train.jsonl }
        verifier:
          { type: countdown, format: trace }
        """;

    [Fact]
    public void Overrides_win_over_the_file_and_the_file_over_defaults()
    {
        string yaml = RecipeText.Minimal + "rollout: { temperature: 0.5, top_k: 7 }";

        Recipe recipe = RecipeText.Parse(yaml, "rollout.temperature=0.25");

        Assert.Equal(0.25f, recipe.Rollout.Temperature);
        Assert.Equal(7, recipe.Rollout.TopK);
        Assert.Equal(256, recipe.Rollout.MaxNewTokens);
    }

    [Fact]
    public void The_last_of_several_overrides_of_a_key_wins() =>
        Assert.Equal(3, RecipeText.Parse(RecipeText.Minimal, "seed=2", "seed=3").Seed);

    [Fact]
    public void Overrides_create_sections_and_take_optional_ones_away()
    {
        Recipe created = RecipeText.Parse(
            RecipeText.Minimal,
            "sft.steps=5",
            "sft.data={type: gsm8k, path: /g.jsonl}",
            "evaluation.pass_at=[1, 2]",
            "optimizer.schedule.type=cosine");
        Assert.Equal(5, created.Sft!.Steps);
        Assert.Equal("/g.jsonl", Assert.IsType<Gsm8kDemonstrationSection>(created.Sft.Data).Path);
        Assert.Equal([1, 2], created.Evaluation.PassAt);
        Assert.IsType<CosineScheduleSection>(created.Optimizer.Schedule);

        Recipe removed = RecipeText.Parse(RecipeText.Minimal + "sft: { steps: 1, data: { type: gsm8k, path: g } }", "sft=null");
        Assert.Null(removed.Sft);
    }

    [Fact]
    public void Defaults_that_depend_on_other_keys_follow_their_overrides()
    {
        Recipe recipe = RecipeText.Parse(RecipeText.Minimal, "rollout.top_p=0.9", "evaluation.rollouts=4", "evaluation.temperature=0.6");

        Assert.Equal(0.9f, recipe.Evaluation.Sampling.TopP);
        Assert.Equal(0.6f, recipe.Evaluation.Sampling.Temperature);
        Assert.Equal(1f, recipe.Rollout.Temperature);
        Assert.Equal([1, 4], recipe.Evaluation.PassAt);
        Assert.Equal([1], RecipeText.Parse(RecipeText.Minimal, "evaluation.rollouts=1").Evaluation.PassAt);
    }

    [Fact]
    public void Paths_start_at_the_place_they_were_written()
    {
        Recipe recipe = RecipeText.Parse(RecipeText.Minimal + "run: { dir: out }", "model.path=here");

        Assert.Equal("/base/train.jsonl", recipe.RequireTrainData().Path);
        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "here"), recipe.Model.Path);
        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "out"), recipe.Run.Folder);
    }

    [Theory]
    [InlineData("rollout.temperature=-1", "--set: rollout.temperature = -1: must be at least 0")]
    [InlineData("loss.clip_lo=1", "--set: loss.clip_lo: unknown key; did you mean loss.clip_low?")]
    [InlineData(
        "update.minibatches=99",
        "--set: update.minibatches = 99: must be at most budget.prompts_per_step (32), so that each has a prompt")]
    [InlineData("loss={clip_low: 0.1, clip_low: 0.2}", "--set: loss.clip_low: given twice; keep one")]
    [InlineData("seed", "--set seed: not of the form key=value; write it like --set rollout.temperature=0.7")]
    [InlineData("=1", "--set =1: not of the form key=value; write it like --set rollout.temperature=0.7")]
    [InlineData("a..b=1", "--set a..b=1: not of the form key=value; write it like --set rollout.temperature=0.7")]
    [InlineData("data.train.path.x=1", "--set data.train.path.x: data.train.path is train.jsonl, not a section")]
    [InlineData("seed=&a 1", "--set: anchors (&name) are not allowed in recipes; remove it")]
    [InlineData(
        "verifier.type=numeric", "r.yaml:5: verifier.format: unknown key; it belongs to verifier type: countdown; remove it, or set the section whole: verifier={ type: ... }")]
    public void Wrong_overrides_are_refused(string text, string expected) => Assert.Equal(expected, RecipeText.ErrorOf(WithFormat, text));

    [Fact]
    public void A_type_may_change_where_the_other_keys_still_apply() =>
        Assert.IsType<ColumnPromptSetSection>(RecipeText.Parse(RecipeText.Minimal, "data.train.type=jsonl").RequireTrainData());

    [Fact]
    public void An_error_of_the_file_that_an_override_mends_is_none() =>
        Assert.Equal(4, RecipeText.Parse(RecipeText.Minimal + "seed: -1", "seed=4").Seed);
}
