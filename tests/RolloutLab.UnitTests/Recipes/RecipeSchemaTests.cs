using System.Text.Json.Nodes;
using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Recipes;

public class RecipeSchemaTests
{
    [Fact]
    public void The_schema_has_exactly_the_keys_that_resolved_recipes_have()
    {
        var resolved = RecipeText.EveryVariant.SelectMany(yaml => RecipeText.KeysOf(RecipeText.Parse(yaml).ToYaml()));
        var described = RecipeSchema.Describe().Select(e => e.Path);

        Assert.Equal(resolved.Distinct().Order(StringComparer.Ordinal), described.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_key_says_what_it_does() =>
        Assert.All(RecipeSchema.Describe(), entry => Assert.Matches(@"^[^\s].*\.$", entry.Doc));

    [Theory]
    [InlineData("rollout.temperature", "number", "1.0", "at least 0", "")]
    [InlineData("evaluation.top_p", "number", "rollout.top_p", "above 0 and at most 1", "")]
    [InlineData("loss.kl_estimator", "choice", "k3", "k1 | abs | k2 | k3 | k1+ | abs+ | k2+ | k3+", "")]
    [InlineData("verifier.type", "choice", "", "countdown | numeric", "")]
    [InlineData("verifier.tolerance", "number", "0.0", "at least 0", "verifier type: numeric")]
    [InlineData("optimizer.schedule.warmup_steps", "integer", "0", "at least 0", "")]
    [InlineData("sft", "section", "null", "", "")]
    [InlineData("sft.steps", "integer", "", "at least 1", "")]
    [InlineData("model.config.head_size", "integer", "hidden_size / heads", "at least 2", "")]
    [InlineData("run.dir", "path", "runs", "", "")]
    public void A_key_is_described_with_type_default_rule_and_condition(string path, string type, string fallback, string rule, string when)
    {
        SchemaEntry entry = Assert.Single(RecipeSchema.Describe(), e => e.Path == path);

        Assert.Equal((type, fallback, rule, when), (entry.Type, entry.Default, entry.Rule, entry.When));
        Assert.Equal(fallback.Length == 0, entry.IsRequired);
    }

    [Fact]
    public void Described_defaults_are_the_ones_recipes_get()
    {
        string[] resolved = RecipeText.Parse(RecipeText.Minimal).ToYaml().Split('\n');

        foreach (SchemaEntry entry in RecipeSchema.Describe().Where(e => e.When.Length == 0 && e.Path.StartsWith("loss.", StringComparison.Ordinal) && e.Path != "loss.aggregation" && !e.Path.StartsWith("loss.correction.", StringComparison.Ordinal)))
        {
            Assert.Contains($"  {entry.Path["loss.".Length..]}: {entry.Default}", resolved);
        }
    }

    [Fact]
    public void The_json_schema_closes_sections_and_keeps_types()
    {
        JsonNode schema = JsonNode.Parse(RecipeSchema.ToJson())!;

        Assert.False((bool)schema["additionalProperties"]!);
        Assert.Equal(1.0, (double)schema["properties"]!["rollout"]!["properties"]!["temperature"]!["default"]!);
        JsonArray verifiers = schema["properties"]!["verifier"]!["oneOf"]!.AsArray();
        Assert.Equal("countdown", (string?)verifiers[0]!["properties"]!["type"]!["const"]);
        Assert.Equal(["type"], verifiers[1]!["required"]!.AsArray().Select(n => (string?)n));
        Assert.Equal("null", (string?)verifiers[2]!["type"]);
        JsonNode gsm8k = schema["properties"]!["data"]!["properties"]!["train"]!["oneOf"]!.AsArray().Single(v => (string?)v!["properties"]?["type"]?["const"] == "gsm8k")!["properties"]!;
        Assert.Equal("Question: {prompt}\nAnswer:", (string?)gsm8k["prompt_template"]!["default"]);
        Assert.Equal(["error", "skip"], gsm8k["overlong"]!["enum"]!.AsArray().Select(n => (string?)n));
    }
}
