using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Recipes;

public class ResolvedRecipeTests
{
    public static TheoryData<string> Recipes => [.. RecipeText.EveryVariant];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void A_resolved_recipe_reads_back_as_an_equal_one_from_anywhere(string yaml)
    {
        Recipe recipe = RecipeText.Parse(yaml);

        Recipe again = RecipeLoader.Parse(recipe.ToYaml(), "r.yaml", "/elsewhere", []);

        Assert.Equal(recipe, again);
        Assert.Equal(recipe.ToYaml(), again.ToYaml());
        Assert.Equal(recipe.Seed, again.Seed);
        Assert.Equal(recipe.Model, again.Model);
        Assert.Equal(recipe.Tokenizer, again.Tokenizer);
        Assert.Equal(recipe.Data, again.Data);
        Assert.Equal(recipe.Verifier, again.Verifier);
        Assert.Equal(recipe.Rollout, again.Rollout);
        Assert.Equal(recipe.Engine, again.Engine);
        Assert.Equal(recipe.Budget, again.Budget);
        Assert.Equal(recipe.Advantage, again.Advantage);
        Assert.Equal(recipe.Loss, again.Loss);
        Assert.Equal(recipe.Optimizer, again.Optimizer);
        Assert.Equal(recipe.Evaluation, again.Evaluation);
        Assert.Equal(recipe.Sft, again.Sft);
        Assert.Equal(recipe.Run, again.Run);
    }

    [Fact]
    public void Values_are_those_written()
    {
        Recipe recipe = RecipeText.Parse(RecipeText.EveryVariant[1]);

        Assert.Equal((1L << 56) - 1, recipe.Seed);
        Assert.Equal((16, 2, 1e6), (recipe.Model.Config!.HeadSize, recipe.Model.Config.KvHeads, recipe.Model.Config.RopeTheta));
        var train = Assert.IsType<ColumnPromptSetSection>(recipe.Data.Train);
        Assert.Equal("/base/my data/ü 'a' \"b\".jsonl", train.Path);
        Assert.Equal("Q:\t{prompt}\r\n\\ \u2028 😀", train.PromptTemplate);
        Assert.Equal(("prompt", "answer", "id"), (train.PromptField, Assert.Single(train.AnswerFields), train.IdField));
        Assert.Equal(PromptOrderChoice.Shuffled, train.Order);
        Assert.Equal((PromptOrderChoice.Sequential, DropChoice.Skip), (recipe.Data.Eval!.Order, recipe.Data.Eval.Overlong));
        Assert.Equal(new NumericVerifierSection { Extraction = AnswerExtractionChoice.Marked, Tolerance = 1e-9 }, recipe.Verifier);
        Assert.Equal([8, 1, 4], recipe.Evaluation.PassAt);
        Assert.Equal(SingletonAdvantage.Reward, Assert.IsType<GrpoAdvantageSection>(recipe.Advantage).Singleton);
        Assert.Equal((LossAggregation.SeqMeanTokenSumNorm, KlEstimator.K1), (recipe.Loss.Aggregation, recipe.Loss.Kl.Estimator));
    }

    [Fact]
    public void The_hash_covers_every_value_and_nothing_else()
    {
        string hash = RecipeText.Parse(RecipeText.Minimal).Hash;

        Assert.Matches("^[0-9a-f]{64}$", hash);
        Assert.Equal(hash, RecipeText.Parse("# a comment\nseed: 1\nrollout:\n  temperature: 1\n" + RecipeText.Minimal).Hash);
        Assert.Equal(hash, RecipeLoader.Parse(RecipeText.Minimal, "other.yaml", "/some/other/checkout", []).Hash);
        string[] changes = ["seed=2", "threads=1", "loss.clip_high=0.28", "data.train.path=other.jsonl", "run.dir=x", "loss.kl_estimator=k1"];
        string[] hashes = [.. changes.Select(change => RecipeText.Parse(RecipeText.Minimal, change).Hash)];
        Assert.Equal(changes.Length + 1, hashes.Append(hash).Distinct().Count());
    }

    [Fact]
    public void Recipes_differ_when_a_value_does()
    {
        Recipe recipe = RecipeText.Parse(RecipeText.Minimal);

        Assert.Equal(recipe, RecipeText.Parse(RecipeText.Minimal));
        Assert.NotEqual(recipe, RecipeText.Parse(RecipeText.Minimal, "seed=2"));
        Assert.NotEqual(recipe, RecipeLoader.Parse(RecipeText.Minimal, "r.yaml", "/other", []));
    }

    [Fact]
    public void Empty_sections_have_their_defaults() =>
        Assert.Equal(RecipeText.Parse(RecipeText.Minimal), RecipeText.Parse(RecipeText.Minimal + "loss:\nengine: {}\nsft:\n"));
}
