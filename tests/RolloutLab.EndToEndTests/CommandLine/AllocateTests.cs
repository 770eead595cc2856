using System.Text.Json;
using RolloutLab.Runs;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary><c>allocate</c> from its command line to its plan.</summary>
public sealed class AllocateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rolloutlab-allocate-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_plan_in_json_has_every_figure_and_is_in_input_order()
    {
        var stats = Write("{\"id\":\"b\",\"success_rate\":0.5}\n{\"id\":\"a\",\"successes\":1,\"attempts\":20}\n");

        using var json = JsonDocument.Parse(Plan(stats, "--budget", "12", "--n-low", "2", "--n-up", "16").Out);

        var root = json.RootElement;
        var plan = root.GetProperty("plan").EnumerateArray().Select(n => n.GetInt32()).ToArray();
        Assert.Equal((2, 12), (plan.Length, plan.Sum()));

        // By hand: the marginal after n is 0.125·0.5ⁿ for p = 0.5 and about 0.00226·0.95ⁿ for p = 0.05. From [2, 2] on the eight
        // greatest are 0.0313, 0.0156, 0.0078, 0.0039 (b), 0.00204 (a), 0.00195 (b), 0.00193, 0.00184 (a).
        Assert.Equal([7, 5], plan);
        Assert.Equal(12, root.GetProperty("cost").GetDouble());
        Assert.Equal(0, root.GetProperty("gap").GetDouble());
        Assert.Equal(((7 * Gradient(7, 0.5)) + (5 * Gradient(5, 0.05))) / 12, root.GetProperty("effective_gradient_ratio").GetDouble(), 9);
        Assert.Equal((Gradient(6, 0.5) + Gradient(6, 0.05)) / 2, root.GetProperty("uniform_effective_gradient_ratio").GetDouble(), 9);
        Assert.True(root.GetProperty("value").GetDouble() > 0 && root.GetProperty("seconds").GetDouble() >= 0);
    }

    [Fact]
    public void Costs_make_the_budget_one_of_costs()
    {
        var stats = Write("{\"id\":\"x\",\"success_rate\":0.4,\"cost\":10}\n{\"id\":\"y\",\"success_rate\":0.4,\"cost\":25.5}\n");

        using var json = JsonDocument.Parse(Plan(stats, "--budget", "200", "--n-low", "1", "--n-up", "9").Out);

        var cost = json.RootElement.GetProperty("cost").GetDouble();
        Assert.InRange(cost, 190.0001, 200);
    }

    [Theory]
    [InlineData("knapsack")]
    [InlineData("knapsack_bayes")]
    [InlineData("uniform")]
    [InlineData("xrpo")]
    [InlineData("ucb")]
    [InlineData("thompson")]
    [InlineData("difficulty_pool")]
    public void Every_method_spends_the_budget(string method)
    {
        using var json = JsonDocument.Parse(Call("beta(0.5,0.5)", "--prompts", "300", "--budget", "2400", "--method", method, "--json").Out);
        Assert.Equal(2400, json.RootElement.GetProperty("plan").EnumerateArray().Sum(n => n.GetInt32()));
    }

    [Theory]
    [InlineData("{\"id\":\"a\",\"success_rate\":1.5}", "success_rate", "from 0 to 1")]
    [InlineData("{\"id\":\"a\",\"success_rate\":NaN}", "stats.jsonl:1", "JSON")]
    [InlineData("{\"id\":\"a\"}", "stats.jsonl:1", "success_rate, or successes and attempts")]
    [InlineData("{\"id\":\"a\",\"successes\":3}", "stats.jsonl:1", "attempts")]
    [InlineData("{\"id\":\"a\",\"successes\":3,\"attempts\":2}", "successes", "from 0 to attempts")]
    [InlineData("{\"success_rate\":0.5}", "stats.jsonl:1", "'id'")]
    [InlineData("{\"id\":\"a\",\"success_rate\":0.5,\"cost\":-1}", "cost", "at least 0")]
    [InlineData("{\"id\":\"a\",\"success_rate\":0.5}\n{\"id\":\"a\",\"success_rate\":0.5}", "stats.jsonl:2", "twice")]
    [InlineData("", "stats.jsonl", "no prompts")]
    public void Bad_input_is_one_line(string lines, string where, string why)
    {
        var result = Plan(Write(lines + "\n"), "--budget", "12");
        AssertOneLine(result, where, why);
    }

    [Fact]
    public void Impossible_requests_name_what_is_possible()
    {
        var stats = Write("{\"id\":\"a\",\"success_rate\":0.5}\n{\"id\":\"b\",\"success_rate\":0.5}\n");
        AssertOneLine(Plan(stats, "--budget", "3"), "budget of 3", "4 to 256");
        AssertOneLine(Plan(stats, "--budget", "257"), "budget of 257", "4 to 256");
        AssertOneLine(Plan(stats, "--budget", "twelve"), "--budget twelve", "number");
        AssertOneLine(Plan(stats, "--budget", "12", "--limit", "rollouts=NaN"), "budget of NaN rollouts", "4 to 256");
        AssertOneLine(Plan(stats, "--budget", "12", "--method", "knapsak"), "knapsak", "did you mean knapsack?");
        AssertOneLine(Plan(stats, "--budget", "12", "--n-low", "9", "--n-up", "8"), "--n-low 9", "--n-up");
        AssertOneLine(Plan(stats, "--budget", "12", "--out", "plan.txt"), "plan.txt", ".parquet");
        AssertOneLine(Plan(stats, "--budget", "12", "--limit", "tokens=5"), "tokens", "prompt 'a'");
        AssertOneLine(Plan(stats, "--budget", "12", "--prior", "1,2"), "--prior 1,2", "knapsack_bayes or thompson");
        AssertOneLine(Plan(stats, "--budget", "12", "--method", "thompson", "--prior", "1,-2"), "--prior 1,-2", "fitted, or two numbers");
        AssertOneLine(Call("beta(0.5,-1)", "--prompts", "3", "--budget", "12"), "beta", "above 0");
        AssertOneLine(Call("beta(0.5,1)", "--budget", "12"), "beta", "--prompts");
    }

    /// <summary>Each method says what budgets the prompts could have: -1, NaN, without end, and one too many.</summary>
    [Theory]
    [InlineData("uniform")]
    [InlineData("knapsack")]
    [InlineData("knapsack_bayes")]
    [InlineData("xrpo")]
    [InlineData("ucb")]
    [InlineData("thompson")]
    [InlineData("adaptive")]
    [InlineData("difficulty_pool")]
    [InlineData("spo")]
    public void A_budget_that_no_plan_can_have_is_answered_with_the_range(string method)
    {
        var stats = Write("{\"id\":\"a\",\"success_rate\":0.5}\n{\"id\":\"b\",\"success_rate\":0}\n");
        foreach (var (amount, shown) in new[] { ("-1", "-1"), ("NaN", "NaN"), ("1e999", "Infinity"), ("257", "257") })
        {
            AssertOneLine(Plan(stats, "--budget", amount, "--method", method), $"budget of {shown} rollouts", method == "spo" ? "0 to 2" : "4 to 256");
        }

        AssertOneLine(Call("beta(1,1)", "--prompts", "0", "--budget", "12", "--method", method), "--prompts", "1");
    }

    [Theory]
    [InlineData("'a' AS id, 'NaN'::DOUBLE AS success_rate", "row 1: success_rate = NaN", "from 0 to 1")]
    [InlineData("'a' AS id, -0.1 AS success_rate", "success_rate = -0.1", "from 0 to 1")]
    [InlineData("'a' AS id, 3 AS successes, 'NaN'::DOUBLE AS attempts", "attempts = NaN", "at least 0")]
    [InlineData("'a' AS id, 0.5 AS success_rate, 'NaN'::DOUBLE AS cost", "cost = NaN", "at least 0")]
    [InlineData("'a' AS id, 0.5 AS success_rate, -2 AS cost", "cost = -2", "at least 0")]
    [InlineData("'a' AS id, 0.5 AS success_rate, 'inf'::DOUBLE AS cost", "cost = Infinity", "at least 0")]
    [InlineData("'a' AS id, 'high' AS success_rate", "stats.parquet", "high")]
    [InlineData("'a' AS id, 0.5 AS rate", "id, rate", "success_rate or successes with attempts")]
    [InlineData("0.5 AS success_rate", "success_rate", "needs id")]
    [InlineData("'a' AS id, 0.5 AS success_rate WHERE false", "stats.parquet", "no prompts")]
    public void Bad_parquet_is_one_line(string select, string where, string why)
    {
        var path = Path.Combine(_folder, "stats.parquet");
        using (var database = new DuckDbConnection())
        {
            database.Execute($"COPY (SELECT {select}) TO {DuckDbConnection.Literal(path)} (FORMAT parquet)");
        }

        AssertOneLine(Plan(path, "--budget", "12"), where, why);
    }

    [Fact]
    public void The_prior_is_fitted_to_the_attempts_or_given_and_does_not_depend_on_the_order()
    {
        // 30 prompts that were always solved: then a failure stands out more than under Beta(0.5, 0.5).
        string[] lines =
        [
            .. Enumerable.Range(0, 30).Select(i => $"{{\"id\":\"p{i:00}\",\"successes\":8,\"attempts\":8}}"),
            "{\"id\":\"x\",\"successes\":3,\"attempts\":8}", "{\"id\":\"y\",\"successes\":0,\"attempts\":8}",
        ];
        int[] Bayes(string[] rows, params string[] prior)
        {
            using var json = JsonDocument.Parse(Plan(Write(string.Join('\n', rows) + "\n"), ["--budget", "256", "--method", "knapsack_bayes", .. prior]).Out);
            return [.. json.RootElement.GetProperty("plan").EnumerateArray().Select(n => n.GetInt32())];
        }

        var fitted = Bayes(lines);
        Assert.Equal(fitted, Bayes(lines, "--prior", "fitted"));
        Assert.Equal(fitted.Reverse(), Bayes([.. lines.Reverse()]));
        Assert.True(fitted[31] > Bayes(lines, "--prior", "0.5,0.5")[31]);
    }

    [Fact]
    public void A_plan_for_people_has_a_histogram()
    {
        var result = Call("beta(0.5,0.5)", "--prompts", "200", "--budget", "1600");
        Assert.Equal(0, result.Code);
        Assert.Contains("1,600 rollouts for 200 prompts", result.Out, StringComparison.Ordinal);
        Assert.Contains("█", result.Out, StringComparison.Ordinal);
    }

    private static double Gradient(int n, double p) => 1 - Math.Pow(p, n) - Math.Pow(1 - p, n);

    private CallResult Plan(string stats, params string[] arguments) => Call(stats, [.. arguments, "--json"]);

    private static CallResult Call(string source, params string[] arguments) => InProcess.Call(["allocate", source, .. arguments]);

    private string Write(string text)
    {
        var path = Path.Combine(_folder, "stats.jsonl");
        File.WriteAllText(path, text);
        return path;
    }

    private static void AssertOneLine(CallResult result, params string[] parts)
    {
        Assert.Equal(2, result.Code);
        Assert.Equal("", result.Out);
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.All(parts, part => Assert.Contains(part, result.Error, StringComparison.Ordinal));
    }
}
