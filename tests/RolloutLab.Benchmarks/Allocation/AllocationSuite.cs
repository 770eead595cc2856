using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using RolloutLab.Allocation;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Simulation;

namespace RolloutLab.Benchmarks;

/// <summary>The <c>allocation</c> suite: planning time and memory by size, beside the published dynamic programme; CBC; the simulator.</summary>
internal sealed class AllocationSuite : IBenchSuite
{
    private const int Mean = 8;
    private const int Low = 2;
    private const int Up = 128;

    public string Name => "allocation";

    public string Summary => "budget plans for 10^3 to 10^7 prompts, the published dynamic programme, CBC, the ledger, and the simulator";

    public JsonObject Run(BenchOptions options, TextWriter progress)
    {
        var (seconds, bytes) = (new JsonObject(), new JsonObject());
        var points = new List<(double Prompts, double Seconds)>();
        int[] sizes = options.Quick ? [1_000, 1_024, 10_000, 100_000] : [1_000, 1_024, 10_000, 100_000, 1_000_000, 10_000_000];
        foreach (var size in sizes)
        {
            progress.WriteLine($"plan for {size:#,0} prompts ...");
            var (time, memory) = Threshold(size, options.Quick ? 3 : 7);
            (seconds[$"{size}"], bytes[$"{size}"]) = (time, memory);
            if (size != 1_024)
            {
                points.Add((size, time));
            }
        }

        progress.WriteLine("the published dynamic programme, 1,024 prompts ...");
        var programme = Time(options.Quick ? 1 : 2, Problem(1_024), DynamicProgramme.Solve);
        progress.WriteLine("CBC, 500 prompts, two budgets ...");
        var (cbc, gap, start) = Cbc();
        progress.WriteLine("ledger ...");
        var ledger = LedgerBench.Run(options.Quick ? 100_000 : 10_000_000);
        progress.WriteLine("simulator ...");
        return new JsonObject
        {
            ["machine"] = $"{Machine.CpuName()}, {options.Threads} threads",
            ["seconds"] = seconds,
            ["peak_bytes"] = bytes,
            ["dynamic_programme_seconds"] = programme,
            ["dynamic_programme_ratio"] = programme / (double)seconds["1024"]!,
            ["growth_exponent"] = Slope(points),
            ["cbc_version"] = IntegerProgramme.SolverVersion,
            ["cbc_seconds"] = cbc,
            ["cbc_gap"] = gap,
            ["cbc_gap_before_search"] = start,
            ["ledger"] = ledger,
            ["simulated_rollouts_per_second"] = Simulated(options),
        };
    }

    public string Table(JsonObject report)
    {
        var text = new StringBuilder();
        text.AppendLine(FormattableString.Invariant($"{report["machine"]}"));
        text.AppendLine(FormattableString.Invariant($"{"prompts",12}{"milliseconds",15}{"MB at most",13}"));
        foreach (var (size, seconds) in report["seconds"]!.AsObject())
        {
            text.AppendLine(FormattableString.Invariant($"{int.Parse(size),12:#,0}{1e3 * (double)seconds!,15:#,0.00}{(long)report["peak_bytes"]![size]! / 1e6,13:0.0}"));
        }

        text.AppendLine(FormattableString.Invariant($"growth exponent {(double)report["growth_exponent"]!:0.00}"));
        text.AppendLine(FormattableString.Invariant(
            $"dynamic programme, 1,024 prompts: {(double)report["dynamic_programme_seconds"]!:0.00} s, {(double)report["dynamic_programme_ratio"]!:#,0} times as long"));
        text.AppendLine(FormattableString.Invariant($"CBC, 500 prompts, two budgets: {(double)report["cbc_seconds"]!:0.00} s, gap {(double)report["cbc_gap"]!:0.0000%} ({(double)report["cbc_gap_before_search"]!:0.00%} before its search)"));
        text.AppendLine(LedgerBench.Line(report["ledger"]!.AsObject()));
        text.AppendLine(FormattableString.Invariant($"simulator: {(double)report["simulated_rollouts_per_second"]! / 1e6:0.00} million rollouts a second"));
        return text.ToString().TrimEnd();
    }

    /// <summary>The shortest of some plans, and the bytes of its input and of everything it allocated: no peak can be above that.</summary>
    private static (double Seconds, long Bytes) Threshold(int prompts, int repeats)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var problem = Problem(prompts);
        var input = GC.GetAllocatedBytesForCurrentThread() - before;
        var seconds = Time(prompts <= 10_000 ? 100 * repeats : repeats, problem, ThresholdSolver.Solve);
        before = GC.GetAllocatedBytesForCurrentThread();
        ThresholdSolver.Solve(problem);
        return (seconds, input + GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static double Time(int repeats, AllocationProblem problem, Func<AllocationProblem, int[]> solve)
    {
        var best = double.PositiveInfinity;
        for (var k = 0; k < repeats; k++)
        {
            var started = Stopwatch.GetTimestamp();
            solve(problem);
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return best;
    }

    private static AllocationProblem Problem(int prompts) => new(
        new SuccessRateValue(Rates(prompts)), Filled(prompts, Low), Filled(prompts, Up), [new BudgetLimit("rollouts", null, (double)prompts * Mean)]);

    /// <summary>Two budgets that both bind, tokens more than rollouts, so that the plan under the Lagrangian bound is far from 0.1 % and CBC has to search.</summary>
    private static (double Seconds, double Gap, double GapBefore) Cbc()
    {
        const int prompts = 500;
        var random = new RandomStreams(2);
        var costs = Enumerable.Range(0, prompts).Select(i => 50 + (400 * random.Stream(StreamPurpose.SuccessRates, 1, i).Uniform(0))).ToArray();
        var problem = new AllocationProblem(
            new SuccessRateValue(Rates(prompts)), Filled(prompts, Low), Filled(prompts, Up),
            [new BudgetLimit("rollouts", null, prompts * Mean), new BudgetLimit("tokens", costs, prompts * Mean * 175.0)]);
        var before = AllocationSolver.Solve(problem, new SolverOptions(SolverKind.Cbc, Gap: 1));
        var started = Stopwatch.GetTimestamp();
        var solution = AllocationSolver.Solve(problem, new SolverOptions(SolverKind.Cbc, TimeLimitSeconds: 20, Gap: 1e-3));
        return (Stopwatch.GetElapsedTime(started).TotalSeconds, solution.Gap, before.Gap);
    }

    /// <summary>Training rollouts a second of whole simulated runs, as many at a time as there are threads.</summary>
    private static double Simulated(BenchOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("rolloutlab-bench-").FullName;
        try
        {
            var steps = options.Quick ? 10 : 60;
            var recipe = RecipeLoader.Parse(
                $"training: {{ steps: {steps} }}\nsimulation: {{ seeds: {2 * options.Threads}, allocators: {{ uniform: {{ prompts_per_step: 1024 }} }} }}\n",
                "bench.yaml", folder, []);
            Study(recipe, options.Threads, Path.Combine(folder, "warm-up"));
            var started = Stopwatch.GetTimestamp();
            var rollouts = Study(recipe, options.Threads, Path.Combine(folder, "timed"));
            return rollouts / Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static long Study(Recipe recipe, int threads, string folder)
    {
        Directory.CreateDirectory(folder);
        var section = (GrpoAdvantageSection)recipe.Advantage;
        return new SimulationStudy(recipe, folder, threads, () => new SharpenedAdvantages(new GrpoAdvantage(section), new RewardGroups([]), null))
            .Run(new Progress(), CancellationToken.None).Rollouts;
    }

    private static double[] Rates(int prompts)
    {
        var random = new RandomStreams(1);
        return Enumerable.Range(0, prompts).Select(i => BetaDraw.From(random.Stream(StreamPurpose.SuccessRates, prompt: i), 0.5, 0.5)).ToArray();
    }

    private static int[] Filled(int count, int value)
    {
        var array = new int[count];
        Array.Fill(array, value);
        return array;
    }

    /// <summary>The slope of a straight line through the logarithms.</summary>
    private static double Slope(List<(double Prompts, double Seconds)> points)
    {
        var (x, y) = (points.Average(p => Math.Log(p.Prompts)), points.Average(p => Math.Log(p.Seconds)));
        return points.Sum(p => (Math.Log(p.Prompts) - x) * (Math.Log(p.Seconds) - y)) / points.Sum(p => Math.Pow(Math.Log(p.Prompts) - x, 2));
    }

    private sealed class Progress : IProgress<int>
    {
        public void Report(int value)
        {
        }
    }
}
