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
        budget: { type: uniform, prompts_per_step: 32, rollouts_per_prompt: 16 }
        engine: { max_batch: 64, max_step_tokens: 256 }
        optimizer: { learning_rate: 1.0e-5 }
        training: { steps: 2 }
        evaluation: { every: 0, rollouts: 1, pass_at: [1] }
        run: { store: false }

        """;

    /// <summary>Shapes and settings, each a difference from the recipe.</summary>
    private static readonly (string Name, string[] Settings)[] Cases =
    [
        ("deep", [Shape(256, 12, 4, 768)]),
        ("deep, layers computed again", [Shape(256, 12, 4, 768), "update.gradient_checkpointing=true"]),
        ("wide", [Shape(1024, 3, 8, 2816)]),
        ("wide, layers computed again", [Shape(1024, 3, 8, 2816), "update.gradient_checkpointing=true"]),
        ("wide, bfloat16", [Shape(1024, 3, 8, 2816), "dtype=bfloat16"]),
        ("wide, with a reference", [Shape(1024, 3, 8, 2816), "loss.kl_coefficient=0.01"]),
        ("wide, bfloat16, with a reference", [Shape(1024, 3, 8, 2816), "loss.kl_coefficient=0.01", "dtype=bfloat16"]),
        ("65 M weights", [Shape(768, 10, 12, 2048), "update.gradient_checkpointing=true", "training.steps=1"]),
    ];

    public string Name => "memory";

    public string Summary => "memory predicted by doctor against memory used, for models of several shapes";

    public JsonObject Run(BenchOptions options, TextWriter progress)
    {
        using var program = new TinyProgram();
        File.WriteAllText(program.At("memory.yaml"), Recipe);
        var rows = new JsonArray();
        foreach (var (name, settings) in options.Quick ? Cases[..2] : Cases)
        {
            progress.WriteLine($"{name} ...");
            rows.Add(Measure(program, name, [.. settings, $"threads={options.Threads}"]));
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

    private static string Shape(int hidden, int layers, int heads, int intermediate) =>
        $"model.config={{ hidden_size: {hidden}, layers: {layers}, heads: {heads}, kv_heads: {heads / 2}, intermediate_size: {intermediate}, max_positions: 160 }}";

    private static JsonObject Measure(TinyProgram program, string name, string[] settings)
    {
        string[] sets = [.. settings.SelectMany(s => new[] { "--set", s })];
        var memory = Call(program, name, ["doctor", "memory.yaml", "--json", .. sets])["memory"]!;
        var run = Directory.CreateTempSubdirectory("rolloutlab-memory-").FullName;
        try
        {
            var summary = Call(program, name, ["train", "memory.yaml", "--run-dir", run, "--json", .. sets]);
            return new JsonObject
            {
                ["name"] = name,
                ["predicted_bytes"] = (long)memory["total_bytes"]!,
                ["used_bytes"] = (long)summary["peak_memory_bytes"]!,
                ["trained_tokens_per_second"] = Math.Round((long)summary["tokens_trained"]! / Math.Max(1e-9, (double)summary["seconds"]!["update"]!)),
                ["parts"] = memory["parts"]!.DeepClone(),
            };
        }
        finally
        {
            Directory.Delete(run, recursive: true);
        }
    }

    private static JsonObject Call(TinyProgram program, string name, string[] arguments)
    {
        using var running = program.Start(arguments);
        return running.Finish(TimeSpan.FromMinutes(10)) == 0
            ? JsonNode.Parse(running.Out)!.AsObject()
            : throw new RunException($"{name}: {arguments[0]} failed: {running.Error.Trim().Split('\n')[^1]}");
    }
}
