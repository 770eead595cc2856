using RolloutLab.Allocation;
using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Runs;
using RolloutLab.Simulation;
using RolloutLab.UnitTests.Recipes;
using Xunit.Abstractions;

namespace RolloutLab.UnitTests.Simulation;

/// <summary>What <c>budget.overlap</c> is for: rollouts in flight, on average over a step in token time.</summary>
public sealed class OverlapTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rolloutlab-overlap-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("xrpo, round_rollouts: 256", 2)]
    [InlineData("adaptive", 1.3)]
    public void Rounds_that_overlap_keep_more_rollouts_in_flight(string budget, double atLeast)
    {
        var mean = new[] { 0, 0.5, 0.75, 0.9 }.Select(overlap => Enumerable.Range(1, 20).Average(seed => InFlight(budget, overlap, seed))).ToArray();
        output.WriteLine($"{budget}: {string.Join(", ", mean.Select(m => FormattableString.Invariant($"{m:0}")))}");

        Assert.True(mean[1] > atLeast * mean[0], $"{mean[1]} after {mean[0]}");
        Assert.True(mean[1] < mean[2] && mean[2] < mean[3]);
    }

    /// <summary>The first step of the pool of simulate-published.yaml.</summary>
    private double InFlight(string budget, double overlap, int seed)
    {
        var random = new RandomStreams((ulong)seed);
        var recipe = RecipeText.Parse($"simulation: {{ pool: {{ prompts: 256 }}, allocators: {{ a: {{ type: {budget}, prompts_per_step: 256 }} }} }}\n").RequireSimulation();
        var rates = RatePool.Create(recipe.Pool, random);
        var ledger = new PromptLedger(rates.Length, new LedgerOptions(0.9));
        var source = new Timed(new SimulatedSource(new SimulatedPolicy(recipe, rates), new LengthDistribution(recipe.TokensMean, recipe.TokensDeviation), random));
        using var metrics = new MetricsLog(Path.Combine(_folder, $"{Guid.NewGuid()}.jsonl"));
        var recorder = new RunRecorder(metrics, null, null, null, 0, null, 0, new SilentObserver());
        var planner = new RolloutPlanner(
            AllocationRules.Create(recipe.Allocators[0].Budget, ledger, random), overlap, ledger, source, new Grader(new SimulatedVerifier()), recorder);
        var prompts = rates.Select((_, i) => new Prompt(i, $"{i:D8}", "simulated", [0], "")).ToList();
        var (_, statistics, _) = planner.RollOut(1, prompts, new SamplingParameters(), new PhaseClock());
        return (double)statistics.TokensGenerated / source.Tokens;
    }

    /// <summary>Counts the token time of its sessions: a group is there its longest response after its round began.</summary>
    private sealed class Timed(IRolloutSource source) : IRolloutSource
    {
        public long Tokens { get; private set; }

        public IRolloutSession Open(long step, RolloutPurpose purpose, SamplingParameters sampling) => new Session(this, source.Open(step, purpose, sampling));

        private sealed class Session(Timed time, IRolloutSession session) : IRolloutSession
        {
            private readonly Dictionary<PromptBudget, long> _begun = [];

            public int InFlight => session.InFlight;

            public RolloutStatistics Statistics => session.Statistics;

            public void Submit(IReadOnlyList<PromptBudget> round)
            {
                foreach (var budget in round)
                {
                    _begun.Add(budget, time.Tokens);
                }

                session.Submit(round);
            }

            public IReadOnlyList<FinishedGroup> Advance(int leave, IProgress<int>? progress, CancellationToken cancellation)
            {
                var finished = session.Advance(leave, progress, cancellation);
                foreach (var (budget, group) in finished)
                {
                    time.Tokens = Math.Max(time.Tokens, _begun[budget] + group.Rollouts.Max(r => r.Length));
                }

                return finished;
            }

            public void Dispose() => session.Dispose();
        }
    }
}
