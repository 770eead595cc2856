using System.Text.Json;
using RolloutLab.Allocation;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;
using RolloutLab.UnitTests.Recipes;

namespace RolloutLab.UnitTests.Simulation;

/// <summary>The simulated policy by hand, and a study from recipe to files.</summary>
public sealed class SimulationTests : IDisposable
{
    private const string Small =
        """
        seed: 7
        training: { steps: 4 }
        simulation:
          pool: { type: mixture, prompts: 64 }
          seeds: 3
          allocators:
            even: { type: uniform, prompts_per_step: 32 }
            knapsack: { type: knapsack, prompts_per_step: 32 }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("rolloutlab-simulation-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_gradient_raises_its_prompt_and_a_share_goes_to_the_neighbours()
    {
        var section = RecipeText.Parse(
            "simulation: { learning_rate: 0.5, generalization: 0.4, neighbours: 1, allocators: { a: {} } }\n").RequireSimulation();
        var policy = new SimulatedPolicy(section, [0.5, 0.2, 0, 1]);

        policy.Improve([Decision(0, 1f), Decision(0, -1f), Decision(1, 0f)], new PhaseClock());

        // Gain 0.5·0.5·0.25 = 0.0625; each neighbour takes 0.0625·0.4/2 = 0.0125 times 1 − p.
        Assert.Equal(0.5625, policy.Rate(0), 12);
        Assert.Equal(0.21, policy.Rate(1), 12);
        Assert.Equal(0, policy.Rate(2));
        Assert.Equal(1, policy.Rate(3));
    }

    [Fact]
    public void Groups_can_count_by_their_rollouts_as_in_a_mean_over_the_step()
    {
        var section = RecipeText.Parse(
            "simulation: { learning_rate: 0.5, group_weight: rollouts, neighbours: 0, allocators: { a: {} } }\n").RequireSimulation();
        var policy = new SimulatedPolicy(section, [0.5, 0.2, 0.3]);

        var report = policy.Improve([Decision(0, 1f), Decision(0, -1f), Decision(0, 1f), Decision(0, -1f), Decision(1, 0f), Decision(2, 2f), Decision(2, -1f), Decision(2, -1f)], new PhaseClock());

        // Groups of 4, 1 and 3, mean 8/3: weights 1.5 and 1.125 times 0.5·p(1−p)² = 0.0625 and 0.0735.
        Assert.Equal(0.5 + (1.5 * 0.0625), policy.Rate(0), 12);
        Assert.Equal(0.2, policy.Rate(1));
        Assert.Equal(0.3 + (1.125 * 0.0735), policy.Rate(2), 12);
        Assert.Equal(0.125 + 0.147, report.Metrics.Single(m => m.Key == "simulation/information_gain").Value, 12);
    }

    [Fact]
    public void Rollouts_succeed_at_their_rate_have_the_mean_length_and_depend_on_their_key_alone()
    {
        var policy = new SimulatedPolicy(RecipeText.Parse("simulation: { allocators: { a: {} } }\n").RequireSimulation(), [0.3, 0.8]);
        var source = new SimulatedSource(policy, new LengthDistribution(200, 80), new RandomStreams(3));
        var prompts = Enumerable.Range(0, 2).Select(i => new Prompt(i, $"{i}", "x", [0], "")).ToArray();
        RolloutGroup Make(int first, int count) => source.Generate(
            new RolloutRequest(5, RolloutPurpose.Training, [new PromptBudget(prompts[1], first, count)], new SamplingParameters()), null, CancellationToken.None).Groups[0];

        var all = Make(0, 40_000).Rollouts;
        Assert.Equal(0.8, all.Average(r => r.Text == SimulatedSource.Right ? 1.0 : 0.0), 0.01);
        Assert.Equal(200, all.Average(r => (double)r.Length), 2.0);
        Assert.Equal(80, Math.Sqrt(all.Average(r => Math.Pow(r.Length - 200, 2))), 3.0);
        var later = Make(100, 50).Rollouts;
        Assert.Equal(all.Skip(100).Take(50).Select(r => (r.Index, r.Length, r.Text)), later.Select(r => (r.Index, r.Length, r.Text)));
    }

    [Fact]
    public void A_study_writes_the_same_files_however_many_threads_it_has()
    {
        var one = Study(Small, threads: 1, "one");
        var four = Study(Small, threads: 4, "four");

        Assert.True(one.Completed);
        Assert.Equal(2 * 3 * 4 * 32 * 8, one.Rollouts);
        Assert.Equal(one.Results.Select(r => r[SimulationStudy.EffectiveGradientRatio]), four.Results.Select(r => r[SimulationStudy.EffectiveGradientRatio]));
        Assert.Equal(1, one.Results[0][SimulationStudy.Relative].Mean);
        foreach (var file in new[] { "simulation.jsonl", "simulation.svg", "knapsack/budgets.svg", "even/seed-7/budgets.jsonl" })
        {
            Assert.Equal(File.ReadAllText(Path.Combine(_folder, "one", file)), File.ReadAllText(Path.Combine(_folder, "four", file)));
        }

        Assert.Equal(8, File.ReadLines(Path.Combine(_folder, "one", "simulation.jsonl")).Count());
        System.Xml.Linq.XDocument.Load(Path.Combine(_folder, "one", "simulation.svg"));
        System.Xml.Linq.XDocument.Load(Path.Combine(_folder, "one", "knapsack", "budgets.svg"));
    }

    [Fact]
    public void The_budgets_of_a_run_say_what_every_prompt_got()
    {
        Study(Small, threads: 2, "run");
        foreach (var line in File.ReadLines(Path.Combine(_folder, "run", "knapsack", "seed-7", "budgets.jsonl")))
        {
            using var row = JsonDocument.Parse(line);
            Assert.Equal(32 * 8, row.RootElement.GetProperty("rollouts").EnumerateArray().Sum(n => n.GetInt32()));
            Assert.Equal(32, row.RootElement.GetProperty("estimate").GetArrayLength());
        }
    }

    [Fact]
    public void First_estimates_come_from_as_many_rollouts_as_asked_for_at_the_rates_before_the_drift()
    {
        const int prompts = 4000;
        var rates = Enumerable.Repeat(0.5, prompts).Append(0).Append(1).ToArray();
        var section = RecipeText.Parse("simulation: { estimates: { rollouts: 16, drift: 1.5 }, allocators: { a: {} } }\n").RequireSimulation().Estimates!;
        var fresh = new PromptLedger(rates.Length, new LedgerOptions(0.9));
        InitialEstimates.Fill(fresh, rates, section with { Drift = 0 }, 200, new RandomStreams(2));
        var stale = new PromptLedger(rates.Length, new LedgerOptions(0.9));
        InitialEstimates.Fill(stale, rates, section, 200, new RandomStreams(2));

        foreach (var ledger in new[] { fresh, stale })
        {
            Assert.All(Enumerable.Range(0, prompts), i => Assert.Equal(16, ledger[i].Rollouts));
            Assert.Equal((0f, 1f), (ledger[prompts].LastRate, ledger[prompts + 1].LastRate));
            Assert.Equal(0.5, Enumerable.Range(0, prompts).Average(i => (double)ledger[i].LastRate), 0.02);
            Assert.Equal(200, ledger.ExpectedCost(0));
        }

        // Variance p(1 - p)/16 = 1/64 without drift. With it that of the rate then is added: for log-odds of deviation 1.5,
        // E[p(1 - p)] = 0.1767 by quadrature, so 0.25 - 0.1767 + 0.1767/16 = 0.0843.
        Assert.Equal(1.0 / 64, Variance(fresh), 0.0015);
        Assert.Equal(0.0843, Variance(stale), 0.006);

        double Variance(PromptLedger ledger) => Enumerable.Range(0, prompts).Average(i => Math.Pow(ledger[i].LastRate - 0.5, 2));
    }

    [Fact]
    public void Rollouts_are_counted_to_the_target_share()
    {
        var reached = Study(Small.Replace("seeds: 3", "seeds: 3\n  target_share: 0.2", StringComparison.Ordinal), threads: 2, "reached");
        var never = Study(Small.Replace("seeds: 3", "seeds: 3\n  target_share: 1", StringComparison.Ordinal), threads: 2, "never");

        // 40 % of the prompts are solved from the start, so the first step's 32 · 8 rollouts are enough.
        Assert.Equal(256, reached.Results[1][SimulationStudy.RolloutsToTarget].Mean);
        Assert.Equal(1, reached.Results[1][SimulationStudy.Speedup].Mean);
        Assert.Equal(0, never.Results[1][SimulationStudy.RolloutsToTarget].Count);
    }

    [Fact]
    public void Intervals_are_those_of_student()
    {
        // Mean 2, deviation 1, t(0.975, 2) = 4.302653.
        var interval = Estimate.Of([1, 2, 3, double.NaN]);
        Assert.Equal((2, 3), (interval.Mean, interval.Count));
        Assert.Equal(4.302653 / Math.Sqrt(3), interval.HalfWidth, 5);
    }

    private SimulationResult Study(string yaml, int threads, string name)
    {
        var recipe = RecipeText.Parse(yaml);
        var folder = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        var section = (GrpoAdvantageSection)recipe.Advantage;
        return new SimulationStudy(recipe, folder, threads, () => new SharpenedAdvantages(new GrpoAdvantage(section), new RewardGroups([]), null))
            .Run(new NoProgress(), CancellationToken.None);
    }

    private static RolloutDecision Decision(int prompt, float advantage) => new(
        new Prompt(prompt, $"{prompt}", "x", [0], ""),
        new Rollout { Index = 0, TokenIds = [0], LogProbs = [0], Text = "", FinishReason = FinishReason.Stop, PolicyVersion = 0 },
        Verdict.Correct("1"), advantage, RolloutFate.Kept, "on_policy");

    private sealed class NoProgress : IProgress<int>
    {
        public void Report(int value)
        {
        }
    }
}
