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

/// <summary>The <c>store</c> suite: writing rollouts, asking for a prompt's, replaying them without a model, a report, and a checkpoint.</summary>
internal sealed class StoreSuite : IBenchSuite
{
    public string Name => "store";

    public string Summary => "the rollout store (write, query, replay without a model) at 10^6 rollouts of 300 tokens, the report of 1,000 steps, a checkpoint of 25M";

    public IReadOnlyList<string> Parts => ["write", "query", "replay", "report", "checkpoint"];

    public JsonObject Run(BenchOptions options, TextWriter progress)
    {
        var info = TorchRuntime.Initialize(options.Threads);
        var folder = Directory.CreateTempSubdirectory("rolloutlab-bench-store-").FullName;
        try
        {
            var report = new JsonObject { ["machine"] = Machine.Describe(info) };
            if (options.Wants("write"))
            {
                progress.WriteLine("writing beside the quickstart's step ...");
                report["write"] = Write(Path.Combine(folder, "share"), options.Quick);
            }

            if (options.Wants("write") || options.Wants("query") || options.Wants("replay"))
            {
                MeasureStore(report, folder, new StoreLog(options.Quick ? 20_480 : 1_000_000), options, progress);
            }

            if (options.Wants("report"))
            {
                progress.WriteLine("report of 1,000 steps ...");
                report["report"] = ReportBench.Measure(Path.Combine(folder, "run"), options.Quick);
            }

            if (options.Wants("checkpoint"))
            {
                progress.WriteLine("checkpoint of 25M ...");
                report["checkpoint"] = CheckpointBench.Measure(Path.Combine(folder, "checkpoints"), options.Quick);
            }

            return report;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public string Table(JsonObject report)
    {
        var rollouts = report["rollouts"] is { } count ? $"{(long)count:#,0} rollouts" : "";
        var lines = new List<string> { (string)report["machine"]!, "" };
        Add("writing, rollouts/s", "#,0", "write", "rollouts_per_second");
        Add("bytes a rollout", "#,0", "bytes_per_rollout");
        Add("share of the quickstart's step, on a thread of its own", "0.00 %", "write", "share_of_step");
        Add("the same on the critical path", "0.000 %", "write", "share_on_critical_path");
        Add($"query by prompt of {rollouts}, s", "0.00", "query_by_prompt_seconds");
        Add("replay without a model, every rollout verified, rollouts/s", "#,0", "replay", "verified", "rollouts_per_second");
        Add("the same for each second of one core", "#,0", "replay", "verified", "rollouts_per_core_second");
        Add("with the log's own verdicts, rollouts/s", "#,0", "replay", "logged", "rollouts_per_second");
        Add("the same for each second of one core", "#,0", "replay", "logged", "rollouts_per_core_second");
        Add("report of 1,000 steps, s", "0.0", "report", "report_seconds");
        Add("its bytes", "#,0", "report", "report_bytes");
        Add("checkpoint of 25M, s", "0.00", "checkpoint", "seconds");
        Add("its bytes over those of its content", "0.000", "checkpoint", "ratio");
        return string.Join('\n', lines);

        void Add(string what, string format, params string[] keys)
        {
            if (keys.Aggregate((JsonNode?)report, (node, key) => node?[key]) is { } value)
            {
                lines.Add($"{what,-62} {((double)value).ToString(format, CultureInfo.InvariantCulture),12}");
            }
        }
    }

    private static void MeasureStore(JsonObject report, string folder, StoreLog log, BenchOptions options, TextWriter progress)
    {
        progress.WriteLine($"writing {log.Rollouts:#,0} rollouts of {StoreLog.Tokens} tokens ...");
        var store = Path.Combine(folder, "store");
        var writing = Seconds(() => log.Write(store));
        report["rollouts"] = log.Rollouts;
        report["tokens_per_rollout"] = StoreLog.Tokens;
        report["bytes_per_rollout"] = Directory.EnumerateFiles(store).Sum(f => new FileInfo(f).Length) / (double)log.Rollouts;
        if (report["write"] is JsonObject write)
        {
            write["rollouts_per_second"] = log.Rollouts / writing;
        }

        if (options.Wants("query"))
        {
            progress.WriteLine("asking for a prompt ...");
            report["query_by_prompt_seconds"] = Query(store, log);
        }

        if (options.Wants("replay"))
        {
            progress.WriteLine("replaying without a model ...");
            report["replay"] = new JsonObject
            {
                ["verified"] = Replay(store, log, Path.Combine(folder, "verified"), "verify"),
                ["logged"] = Replay(store, log, Path.Combine(folder, "logged"), "logged"),
            };
        }

        Directory.Delete(store, recursive: true);
    }

    private static double Seconds(Action work)
    {
        var started = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>A step of the quickstart (512 rollouts of 63 tokens) at the rates measured here, and what storing it takes.</summary>
    private static JsonObject Write(string folder, bool quick)
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
        var (writer, handing) = (all / steps.Count, handover / steps.Count);
        return new JsonObject
        {
            ["quickstart_step_seconds"] = step,
            ["quickstart_writer_seconds"] = writer,
            ["quickstart_handover_seconds"] = handing,
            ["share_of_step"] = writer / step,
            ["share_on_critical_path"] = handing / step,
        };
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
            ["core_seconds"] = cores,
            ["rollouts_per_second"] = log.Rollouts / seconds,
            ["rollouts_per_core_second"] = log.Rollouts / cores,
        };
    }
}
