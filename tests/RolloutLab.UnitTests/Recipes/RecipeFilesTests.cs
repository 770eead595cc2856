using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Recipes;

public class RecipeFilesTests
{
    private static readonly string Root = FindRoot();

    public static TheoryData<string> Names =>
        [.. Directory.GetFiles(Path.Combine(Root, "recipes"), "*.yaml").Where(f => !SweepFile.IsSweep(f)).Select(f => Path.GetFileName(f)).Order()];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_recipe_here_loads_and_reads_back(string name)
    {
        Recipe recipe = RecipeLoader.Load(Path.Combine(Root, "recipes", name), []);

        Assert.Equal(recipe, RecipeLoader.Parse(recipe.ToYaml(), "again.yaml", "/", []));
        Assert.Equal(Path.GetFileNameWithoutExtension(name), recipe.Name);
    }

    public static TheoryData<string> Sweeps =>
        [.. Directory.GetFiles(Path.Combine(Root, "recipes"), "*.yaml").Where(SweepFile.IsSweep).Select(f => Path.GetFileName(f)).Order()];

    [Theory]
    [MemberData(nameof(Sweeps))]
    public void Every_variant_of_a_sweep_loads(string name)
    {
        var sweep = SweepFile.Load(Path.Combine(Root, "recipes", name));

        Assert.Equal([1, 2, 3, 4, 5], sweep.Seeds);
        Assert.All(sweep.Variants, v => Assert.NotNull(RecipeLoader.Load(v.RecipePath, v.Overrides).Data.Train));
    }

    [Fact]
    public void The_quickstart_has_what_training_needs()
    {
        Recipe recipe = RecipeLoader.Load(Path.Combine(Root, "recipes", "quickstart.yaml"), []);

        Assert.Equal(Path.Combine(Root, "data", "countdown", "train.jsonl"), recipe.RequireTrainData().Path);
        Assert.Equal(256, recipe.RequireEvalData().Limit);
        Assert.IsType<CountdownVerifierSection>(recipe.RequireVerifier());
    }

    [Fact]
    public void The_warm_up_recipe_makes_a_model_from_scratch()
    {
        Recipe recipe = RecipeLoader.Load(Path.Combine(Root, "recipes", "warmup-countdown.yaml"), []);

        Assert.NotNull(recipe.Model.Config);
        Assert.IsType<CountdownTraceSection>(recipe.RequireSft().Data);
        Assert.Null(recipe.Data.Train);
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "RolloutLab.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("no RolloutLab.sln above the tests");
    }
}
