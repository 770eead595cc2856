using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using RolloutLab.Batching;
using RolloutLab.Core;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Rewards;
using RolloutLab.Runs;
using RolloutLab.Simulation;
using RolloutLab.Torch;

namespace RolloutLab.Benchmarks;

/// <summary>The <c>store</c> suite: writing rollouts, asking for a prompt's, replaying them without a model, and a checkpoint.</summary>
internal sealed class StoreSuite : IBenchSuite
{
    public string Name => "store";

    public string Summary => "the rollout store (write, query, replay without a model) at 10^6 rollouts of 300 tokens, and a checkpoint of 25M";

    public JsonObject Run(BenchOptions options, TextWriter progress)
    {
        var info = TorchRuntime.Initialize(options.Threads);
        var folder = Directory.CreateTempSubdirectory("rolloutlab-bench-store-").FullName;
        try
        {
            progress.WriteLine("writing beside the quickstart's step ...");
            var share = WriteShare(Path.Combine(folder, "share"), options.Quick);
            var log = new StoreLog(rollouts: options.Quick ? 20_480 : 1_000_000);
            progress.WriteLine($"writing {log.Rollouts:#,0} rollouts of {StoreLog.Tokens} tokens ...");
            var store = Path.Combine(folder, "store");
            var writing = Seconds(() => log.Write(store));
            progress.WriteLine("asking for a prompt ...");
            var query = Query(store, log);
            progress.WriteLine("replaying without a model ...");
            var verified = Replay(store, log, Path.Combine(folder, "verified"), "verify");
            var logged = Replay(store, log, Path.Combine(folder, "logged"), "logged");
            progress.WriteLine("checkpoint of 25M ...");
            var checkpoint = CheckpointBench.Measure(Path.Combine(folder, "checkpoints"), options.Quick);
            return new JsonObject
            {
                ["machine"] = Machine.Describe(info),
                ["rollouts"] = log.Rollouts,
                ["tokens_per_rollout"] = StoreLog.Tokens,
                ["bytes_per_rollout"] = Directory.EnumerateFiles(store).Sum(f => new FileInfo(f).Length) / (double)log.Rollouts,
                ["write"] = new JsonObject
                {
                    ["rollouts_per_second"] = log.Rollouts / writing,
                    ["quickstart_step_seconds"] = share.Step,
                    ["quickstart_writer_seconds"] = share.Writer,
                    ["quickstart_handover_seconds"] = share.Handover,
                    ["share_of_step"] = share.Writer / share.Step,
                    ["share_on_critical_path"] = share.Handover / share.Step,
                },
                ["query_by_prompt_seconds"] = query,
                ["replay"] = new JsonObject { ["verified"] = verified, ["logged"] = logged },
                ["checkpoint"] = checkpoint,
            };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public string Table(JsonObject report)
    {
        var (write, checkpoint) = (report["write"]!, report["checkpoint"]!);
        return string.Join('\n', new[]
        {
            (string)report["machine"]!,
            "",
            Line("writing, rollouts/s", write["rollouts_per_second"]!, "#,0"),
            Line("bytes a rollout", report["bytes_per_rollout"]!, "#,0"),
            Line("share of the quickstart's step, on a thread of its own", write["share_of_step"]!, "0.00 %"),
            Line("the same on the critical path", write["share_on_critical_path"]!, "0.000 %"),
            Line($"query by prompt of {(long)report["rollouts"]!:#,0} rollouts, s", report["query_by_prompt_seconds"]!, "0.00"),
            Line("replay without a model, every rollout verified, rollouts/s", report["replay"]!["verified"]!["rollouts_per_second"]!, "#,0"),
            Line("the same for each second of one core", report["replay"]!["verified"]!["rollouts_per_core_second"]!, "#,0"),
            Line("with the log's own verdicts, rollouts/s", report["replay"]!["logged"]!["rollouts_per_second"]!, "#,0"),
            Line("the same for each second of one core", report["replay"]!["logged"]!["rollouts_per_core_second"]!, "#,0"),
            Line("checkpoint of 25M, s", checkpoint["seconds"]!, "0.00"),
            Line("its bytes over those of its content", checkpoint["ratio"]!, "0.000"),
        });
    }

    private static string Line(string what, JsonNode value, string format) => $"{what,-62} {((double)value).ToString(format, CultureInfo.InvariantCulture),12}";

    private static double Seconds(Action work)
    {
        var started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>A step of the quickstart (512 rollouts of 63 tokens) at the rates measured here, and what storing it takes.</summary>
    private static (double Step, double Writer, double Handover) WriteShare(string folder, bool quick)
    {
        const int rollouts = 512;
        const int tokens = 63;
        using var model = BenchModel.Quickstart();
        var generation = RolloutBench.TokensPerSecond(model, 256, quick);
        var training = TrainingBench.TokensPerSecond(model, quick);
        var step = (rollouts * tokens / generation) + (rollouts * (tokens + model.PromptLength) / training);
        var log = new StoreLog(rollouts * (quick ? 4 : 32), rollouts, tokens);
        var steps = log.Steps().ToList();
        var handover = 0.0;
        var all = Seconds(() =>
        {
            using var store = new RolloutStore(folder, "bench", []);
            foreach (var stored in steps)
            {
                // One step at a time, as in training: nothing waits for the one before.
                handover += Seconds(() => store.Append(stored));
                store.Flush();
            }
        });
        return (step, all / steps.Count, handover / steps.Count);
    }

    private static double Query(string store, StoreLog log)
    {
        var best = double.PositiveInfinity;
        for (var repeat = 0; repeat < 3; repeat++)
        {
            using var database = new DuckDbConnection();
            best = Math.Min(best, Seconds(() =>
            {
                using var result = database.Query(
                    $"SELECT step, rollout, reward, text, token_ids FROM read_parquet({DuckDbConnection.Literal(RolloutStore.Pattern(store))}) WHERE prompt_id = '{StoreLog.PromptId(log.Prompts / 2)}'");
                if (result.ReadAll((c, r) => c.Text(3, r)).Count == 0)
                {
                    throw new RolloutStoreException("the bench's own prompt is not in its store");
                }
            }));
        }

        return best;
    }

    /// <summary>Reading, verifying where asked for, another budget, advantages, decisions and metrics: by the clock, and by the time that cores worked.</summary>
    private static JsonObject Replay(string store, StoreLog log, string folder, string verdicts)
    {
        Directory.CreateDirectory(folder);
        var recipe = RecipeLoader.Parse(
            $$"""
            verifier: { type: numeric }
            budget: { type: uniform, prompts_per_step: 32, rollouts_per_prompt: 16 }
            training: { steps: 1000000 }
            replay: { verdicts: {{verdicts}} }
            """,
            "bench.yaml",
            folder,
            []);
        var parts = new ReplayParts(
            () => new SharpenedAdvantages(new GrpoAdvantage((GrpoAdvantageSection)recipe.Advantage), new RewardGroups([]), novelty: null),
            () => [],
            () => new Grader(new NumericAnswerVerifier(new NumericAnswerOptions())));
        var before = Environment.CpuUsage.TotalTime;
        var seconds = Seconds(() => new WhatIfReplay(recipe, new StoredLog(store), parts).Run(recipe.Budget, 0, folder, null, CancellationToken.None));
        var cores = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
        return new JsonObject
        {
            ["seconds"] = seconds,
            ["rollouts_per_second"] = log.Rollouts / seconds,
            ["rollouts_per_core_second"] = log.Rollouts / cores,
        };
    }
}
