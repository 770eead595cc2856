using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Recipes;

public class LoraSectionTests
{
    private static readonly string[] All = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    [Theory]
    [InlineData("{}", 16, 32.0, false, "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj")]
    [InlineData("{ rank: 8 }", 8, 16.0, false, "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj")]
    [InlineData("{ rank: 8, alpha: 8, rslora: true, targets: all_linear }", 8, 8.0, true, "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj")]
    [InlineData("{ targets: [down_proj, q_proj] }", 16, 32.0, false, "q_proj,down_proj")]
    public void Reads_an_adapter_and_writes_it_back(string lora, int rank, double alpha, bool stabilised, string targets)
    {
        var recipe = Load(lora);
        var section = recipe.Model.Lora!;
        Assert.Equal((rank, alpha, stabilised, 0.0), (section.Rank, section.Alpha, section.RankStabilised, section.Dropout));
        Assert.Equal(targets.Split(','), section.Targets);
        Assert.Equal(recipe, RecipeText.Parse(recipe.ToYaml()));
        Assert.Equal(targets == string.Join(',', All), recipe.ToYaml().Contains("targets: all_linear", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{ targets: [q_prj] }", "model.lora.targets = [q_prj]: has 'q_prj', which is none of q_proj, k_proj")]
    [InlineData("{ targets: everything }", "model.lora.targets = everything: must be all_linear or a list of q_proj, k_proj")]
    [InlineData("{ targets: [] }", "must be all_linear or a list")]
    [InlineData("{ targets: [q_proj, q_proj] }", "must not repeat an item")]
    [InlineData("{ rank: 0 }", "model.lora.rank = 0: must be from 1 to 65536")]
    [InlineData("{ dropout: 1 }", "model.lora.dropout = 1: must be at least 0 and below 1")]
    [InlineData("{ alpha: 0 }", "model.lora.alpha = 0: must be above 0")]
    public void Refuses_what_is_no_adapter(string lora, string reason)
    {
        Assert.Contains(reason, RecipeText.ErrorOf($"model: {{ path: m, lora: {lora} }}"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_from_scratch_takes_no_adapter()
    {
        var error = RecipeText.ErrorOf("model: { config: { hidden_size: 8, layers: 1, heads: 1, intermediate_size: 8, max_positions: 512 }, lora: {} }\ntokenizer: { type: bytes }");
        Assert.Contains("model.lora", error, StringComparison.Ordinal);
        Assert.Contains("a trained model under it", error, StringComparison.Ordinal);
    }

    private static Recipe Load(string lora) => RecipeText.Parse($"model: {{ path: m, lora: {lora} }}");
}
