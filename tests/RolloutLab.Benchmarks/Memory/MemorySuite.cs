using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using RolloutLab.Core;

namespace RolloutLab.Benchmarks;

/// <summary>The <c>memory</c> suite: what <c>doctor</c> predicts for training models of several shapes against what their runs take.</summary>
internal sealed class MemorySuite : IBenchSuite
{
    private const string Recipe =
        """
        seed: 3
        model: { config: { hidden_size: 32, layers: 2, heads: 2, intermediate_size: 64, max_positions: 160 } }
        tokenizer: { type: countdown }
        data:
          train: { type: countdown, path: train.jsonl }
          eval: { type: countdown, path: heldout.jsonl, limit: 4 }
        verifier: { type: countdown }
        reward: { cosine: { weight: 1 } }
        rollout: { max_new_tokens: 128 }
        budget: { type: uniform, prompts_per_step: 16, rollouts_per_prompt: 16 }
        engine: { max_batch: 64, max_step_tokens: 256 }
        optimizer: { learning_rate: 1.0e-5 }
        training: { steps: 2 }
        evaluation: { every: 0, rollouts: 1, pass_at: [1] }
        run: { store: false }

        """;

    // A warm-up on worked traces reaches the rows of a vocabulary that random rollouts would not end in.
    private const string Warmup = "sft={ data: { type: countdown_traces, path: train.jsonl }, steps: 2, sequences_per_step: 160, micro_batch_tokens: 4096 }";

    private static readonly string Large = Shape(1024, 3, 8, 2816);

    /// <summary>Shapes and settings, each a difference from the recipe.</summary>
    private static readonly Case[] Cases =
    [
        new("deep", [Shape(256, 12, 4, 768)]),
        new("deep, layers computed again", [Shape(256, 12, 4, 768), "update.gradient_checkpointing=true"]),
        new("wide", [Large]),
        new("wide, layers computed again", [Large, "update.gradient_checkpointing=true"]),
        new("wide, bfloat16", [Large, "dtype=bfloat16"]),
        new("wide, with a reference", [Large, "loss.kl_coefficient=0.01"]),
        new("wide, bfloat16, with a reference", [Large, "loss.kl_coefficient=0.01", "dtype=bfloat16"]),
        new("wide, LoRA of rank 16", ["optimizer.learning_rate=1.0e-4"]) { Base = Large },
        new("wide, LoRA, bfloat16, again", ["dtype=bfloat16", "update.gradient_checkpointing=true"]) { Base = Large },
        new("vocabulary of 151,936", [Shape(128, 2, 4, 384, 151_936), Warmup, "training.steps=1"]),
        new("65 M weights", [Shape(768, 10, 12, 2048), "update.gradient_checkpointing=true"]),
    ];

    public string Name => "memory";

    public string Summary => "memory predicted by doctor against memory used, for models of several shapes";

    public JsonObject Run(BenchOptions options, TextWriter progress)
    {
        using var program = new TinyProgram();
        File.WriteAllText(program.At("memory.yaml"), Recipe);
        var rows = new JsonArray();
        foreach (var row in options.Quick ? Cases[..2] : Cases)
        {
            progress.WriteLine($"{row.Name} ...");
            rows.Add(Measure(program, row, $"threads={options.Threads}"));
        }

        return new JsonObject { ["machine"] = Machine.CpuName(), ["cases"] = rows };
    }

    public string Table(JsonObject report)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{"",-34}{"predicted",12}{"used",12}{"apart",9}{"tokens/s",11}");
        foreach (var row in report["cases"]!.AsArray())
        {
            var (predicted, used) = ((double)row!["predicted_bytes"]!, (double)row["used_bytes"]!);
            text.AppendLine(CultureInfo.InvariantCulture, $"{(string)row["name"]!,-34}{predicted / (1 << 20),8:0} MiB{used / (1 << 20),8:0} MiB{100 * ((predicted / used) - 1),7:+0;-0} %{(double)row["trained_tokens_per_second"]!,11:#,0}");
        }

        return text.ToString().TrimEnd();
    }

    private static string Shape(int hidden, int layers, int heads, int intermediate, int vocabulary = 0) =>
        $"model.config={{ vocabulary_size: {vocabulary}, hidden_size: {hidden}, layers: {layers}, heads: {heads}, kv_heads: {heads / 2}, intermediate_size: {intermediate}, max_positions: 160 }}";

    private static JsonObject Measure(TinyProgram program, Case row, string threads)
    {
        var folder = Directory.CreateTempSubdirectory("rolloutlab-memory-").FullName;
        try
        {
            string[] settings = row.Base is null ? row.Settings : [$"model={{ path: {BaseModel(program, row, folder)}, lora: {{ rank: 16 }} }}", .. row.Settings];
            string[] sets = Sets([.. settings, threads]);
            var memory = Call(program, row.Name, ["doctor", "memory.yaml", "--json", .. sets])["memory"]!;
            var summary = Call(program, row.Name, ["train", "memory.yaml", "--run-dir", Path.Combine(folder, "run"), "--json", .. sets]);
            return new JsonObject
            {
                ["name"] = row.Name,
                ["predicted_bytes"] = (long)memory["total_bytes"]!,
                ["used_bytes"] = (long)summary["peak_memory_bytes"]!,
                ["trained_tokens_per_second"] = Math.Round((long)summary["tokens_trained"]! / Math.Max(1e-9, (double)summary["seconds"]!["update"]!)),
                ["parts"] = memory["parts"]!.DeepClone(),
            };
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A model folder of the row's base shape: what a run of one small step leaves.</summary>
    private static string BaseModel(TinyProgram program, Case row, string folder)
    {
        var run = Path.Combine(folder, "base");
        string[] settings = [row.Base!, "training.steps=1", "budget.prompts_per_step=1", "budget.rollouts_per_prompt=2", "rollout.max_new_tokens=8"];
        Call(program, row.Name, ["train", "memory.yaml", "--run-dir", run, "--json", .. Sets(settings)]);
        return Path.Combine(run, "checkpoints", "step-000001");
    }

    private static string[] Sets(string[] settings) => [.. settings.SelectMany(s => new[] { "--set", s })];

    private static JsonObject Call(TinyProgram program, string name, string[] arguments)
    {
        using var running = program.Start(arguments);
        return running.Finish(TimeSpan.FromMinutes(10)) == 0
            ? JsonNode.Parse(running.Out)!.AsObject()
            : throw new RunException($"{name}: {arguments[0]} failed: {running.Error.Trim().Split('\n')[^1]}");
    }

    /// <summary>A row: a difference from the recipe, or one of an adapter on a model of a base shape.</summary>
    private sealed record Case(string Name, string[] Settings)
    {
        public string? Base { get; init; }
    }
}
