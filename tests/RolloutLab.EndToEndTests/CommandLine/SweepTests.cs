using System.Text.Json.Nodes;
using RolloutLab.Cli;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Simulation;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary><c>sweep</c> with runs that write what a training run writes, without training.</summary>
public sealed class SweepTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private readonly List<string> _ran = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Means_and_intervals_are_over_the_seeds_of_each_variant()
    {
        var (call, table) = Sweep("seeds: [1, 2, 3]\nvariants: { a: , b: { set: [training.steps=2] } }");

        Assert.Equal(0, call.Code);
        var (a, b) = (table["variants"]![0]!, table["variants"]![1]!);

        // Finals .41, .42, .43 and .51, .52, .53: deviation .01, t(2) = 4.3027, half width .02484.
        Assert.Equal(.42, (double)table["target"]!, 1e-12);
        Assert.Equal(.42, (double)a["pass_at_1"]!["mean"]!, 1e-12);
        Assert.Equal(.42 - .0248416, (double)a["pass_at_1"]!["low"]!, 1e-6);
        Assert.Equal(.52 + .0248416, (double)b["pass_at_1"]!["high"]!, 1e-6);
        Assert.Equal(.5, (double)b["effective_gradient_ratio"]!["mean"]!, 1e-12);

        // pass@1 goes from .2 to its final in a line over 100 rollouts: .22 of the way is (.42 - .2) / (final - .2).
        Assert.Equal(2, (int)a["rollouts_to_target"]!["count"]!);
        var costs = new[] { .51, .52, .53 }.Select(final => 100 * .22 / (final - .2)).ToArray();
        Assert.Equal(costs.Average(), (double)b["rollouts_to_target"]!["mean"]!, 1e-9);
        Assert.Equal(50 * costs.Average(), (double)b["tokens_to_target"]!["mean"]!, 1e-6);
        Assert.Contains("0.420 ± 0.025", File.ReadAllText(Path.Combine(_folder, "out", "sweep.txt")), StringComparison.Ordinal);
        Assert.Contains("0.420, 0.395 to 0.445", File.ReadAllText(Path.Combine(_folder, "out", "sweep.svg")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_sweep_goes_on_where_it_stopped()
    {
        const string Text = "seeds: [1, 2]\nvariants: { a: , b: { set: [training.steps=2] } }";
        var stopped = Sweep(Text, interruptAt: 3).Call;
        Assert.Equal(ExitCodes.Interrupted, stopped.Code);
        Assert.Equal(["a-seed-1", "b-seed-1", "a-seed-2"], _ran);

        _ran.Clear();
        var (call, table) = Sweep(Text);

        Assert.Equal(0, call.Code);
        Assert.Equal(["a-seed-2", "b-seed-2"], _ran);
        Assert.Equal([2, 2], table["variants"]!.AsArray().Select(v => (int)v!["runs"]!));
    }

    [Fact]
    public void An_interrupted_run_with_a_checkpoint_is_resumed()
    {
        const string Text = "seeds: [1]\nvariants: { a: , b: { set: [training.steps=2] } }";
        Sweep(Text, interruptAt: 2);
        _ran.Clear();

        Assert.Equal(0, Sweep(Text).Call.Code);
        Assert.Equal(["resumed b-seed-1"], _ran);
    }

    [Fact]
    public void A_grid_multiplies_the_variants()
    {
        Sweep("seeds: [7]\nvariants: { a: }\ngrid: { loss.clip_low: [0.1, 0.2], training.steps: [1, 2] }");

        Assert.Equal(["a-clip_low-0.1-steps-1-seed-7", "a-clip_low-0.1-steps-2-seed-7", "a-clip_low-0.2-steps-1-seed-7", "a-clip_low-0.2-steps-2-seed-7"], _ran);
    }

    [Theory]
    [InlineData("variants: { a: { set: [loss.clip_lo=1] } }", "loss.clip_lo: unknown key; did you mean loss.clip_low?")]
    [InlineData("variants: { }", "variants: missing")]
    [InlineData("variants: { a: }\nseed: 1", "seed: unknown key; did you mean seeds?")]
    [InlineData("variants: { a: 3 }", "variants.a: must be a section")]
    [InlineData("variants: { a: }\nseeds: [1, 1]", "must not repeat an item")]
    [InlineData("variants: { a: }\ntarget: 2", "target = 2: must be from 0 to 1")]
    public void Mistakes_are_found_before_the_first_run(string text, string expected)
    {
        var call = Sweep(text).Call;

        Assert.Equal(ExitCodes.BadInput, call.Code);
        Assert.Contains(expected, call.Error, StringComparison.Ordinal);
        Assert.Empty(_ran);
    }

    [Fact]
    public void A_run_of_another_recipe_is_not_taken_for_a_result()
    {
        Sweep("seeds: [1]\nvariants: { a: }");

        var call = Sweep("seeds: [1]\nvariants: { a: { set: [training.steps=2] } }").Call;

        Assert.Contains("holds a run of another recipe", call.Error, StringComparison.Ordinal);
    }

    private (CallResult Call, JsonNode Table) Sweep(string text, int interruptAt = 0)
    {
        File.WriteAllText(Path.Combine(_folder, "base.yaml"), "model: { path: m }\ndata: { train: { type: countdown, path: t } }\nverifier: { type: countdown }\n");
        var path = Path.Combine(_folder, "s.yaml");
        File.WriteAllText(path, $"recipe: base.yaml\n{text}\n");
        var call = InProcess.Call(new FakeRuns(_ran, interruptAt), "sweep", path, "--run-dir", Path.Combine(_folder, "out"), "--json");
        return (call, call.Out.Length > 0 ? JsonNode.Parse(call.Out)! : new JsonObject());
    }

    private sealed class FakeRuns(List<string> ran, int interruptAt) : IRunCommands
    {
        public IChatModel Chat(ChatArguments arguments) => throw new NotSupportedException();

        public (RunEnding Ending, ReplayComparison? Comparison, IReadOnlyList<ReplayedRollout> Shown) Replay(ReplayArguments arguments, Recipe recipe, RunContext context) =>
            throw new NotSupportedException();

        public ExportedModel Export(ExportArguments arguments, IProgress<WorkDone> progress) => throw new NotSupportedException();

        public (RolloutLab.Training.MemoryForecast Forecast, long LimitBytes) Memory(RunArguments arguments, Action<string> notice) => throw new NotSupportedException();

        public RunEnding Train(RunArguments arguments, RunContext context)
        {
            var recipe = RecipeLoader.Load(arguments.Recipe, arguments.Overrides);
            ran.Add(Path.GetFileName(arguments.RunDirectory!));
            Directory.CreateDirectory(arguments.RunDirectory!);
            if (ran.Count == interruptAt)
            {
                if (recipe.Training.Steps == 2)
                {
                    Directory.CreateDirectory(Path.Combine(arguments.RunDirectory!, "checkpoints", "step-000001"));
                    File.WriteAllText(Path.Combine(arguments.RunDirectory!, "recipe.yaml"), recipe.ToYaml());
                    File.WriteAllText(Path.Combine(arguments.RunDirectory!, "hash"), recipe.Hash);
                }

                return RunEnding.Interrupted;
            }

            Finish(recipe, recipe.Hash, arguments.RunDirectory!);
            return RunEnding.Finished;
        }

        private static void Finish(Recipe recipe, string hash, string folder)
        {
            var final = (recipe.Training.Steps == 2 ? .5 : .4) + (recipe.Seed * .01);
            File.WriteAllText(Path.Combine(folder, "metrics.jsonl"), $$"""
                {"step":0,"val-core/h/acc/pass@1":0.2}
                {"step":1,"budget/rollouts/total":60,"engine/tokens_generated":3000,"budget/effective_gradient_ratio":0.4}
                {"step":2,"budget/rollouts/total":40,"engine/tokens_generated":2000,"budget/effective_gradient_ratio":0.6,"val-core/h/acc/pass@1":{{final.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}

                """);
            File.WriteAllText(Path.Combine(folder, "summary.json"), (SampleRun.Summary with
            {
                Seed = recipe.Seed, RecipeHash = hash, Stopped = RunEnding.Finished, Final = new PolicyScore { PassAt1 = final, ResponseLength = 60 },
            }).ToJson());
        }

        public RunEnding Resume(string runFolder, RunContext context)
        {
            ran.Add("resumed " + Path.GetFileName(runFolder));
            var recipe = Path.Combine(runFolder, "recipe.yaml");
            Finish(RecipeLoader.Load(recipe, []), File.ReadAllText(Path.Combine(runFolder, "hash")), runFolder);
            return RunEnding.Finished;
        }

        public RunEnding Sft(RunArguments arguments, RunContext context) => throw new NotSupportedException();

        public RunEnding Eval(EvalArguments arguments, RunContext context) => throw new NotSupportedException();
    }
}
