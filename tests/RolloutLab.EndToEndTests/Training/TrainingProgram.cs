using System.Diagnostics;
using System.Text.Json.Nodes;
using RolloutLab.EndToEndTests.CommandLine;

namespace RolloutLab.EndToEndTests.Training;

/// <summary>The built program with its native library, as a user runs it.</summary>
internal sealed class TrainingProgram : IDisposable
{
    /// <summary>A recipe that trains in a second: 2 layers, 2 problems a step, from scratch, greedy-free.</summary>
    private const string Recipe =
        """
        seed: 3
        threads: 1
        model:
          config: { hidden_size: 32, layers: 2, heads: 2, intermediate_size: 64, max_positions: 128 }
        tokenizer: { type: countdown }
        data:
          train: { type: countdown, path: train.jsonl }
          eval: { type: countdown, path: heldout.jsonl, limit: 8 }
        verifier: { type: countdown }
        rollout: { max_new_tokens: 24 }
        budget: { type: uniform, prompts_per_step: 2, rollouts_per_prompt: 4 }
        loss: { type: vanilla, kl_coefficient: 0.01 }
        optimizer: { learning_rate: 1.0e-3, schedule: { type: cosine, warmup_steps: 1 } }
        training: { steps: 3 }
        evaluation: { every: 2, rollouts: 4, pass_at: [1, 4] }
        checkpoint: { every: 2, keep_last: 2 }
        sft: { data: { type: countdown_traces, path: train.jsonl }, steps: 4, sequences_per_step: 8 }

        """;

    private static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "rolloutlab.dll");

    public TrainingProgram()
    {
        var data = Path.Combine(Root(), "data", "countdown");
        File.WriteAllLines(At("train.jsonl"), File.ReadLines(Path.Combine(data, "train.jsonl")).Take(64));
        File.WriteAllLines(At("heldout.jsonl"), File.ReadLines(Path.Combine(data, "heldout.jsonl")).Take(16));
        File.WriteAllText(At("tiny.yaml"), Recipe);
    }

    /// <summary>A policy that solves some of the problems.</summary>
    public static string Warmup => Path.Combine(Root(), "data", "countdown", "warmup");

    public string Folder { get; } = Directory.CreateTempSubdirectory("rolloutlab-train-").FullName;

    /// <summary>The program's folder for temporary files.</summary>
    public string Temporary => Directory.CreateDirectory(At("tmp")).FullName;

    public string At(params ReadOnlySpan<string> parts) => Path.Combine([Folder, .. parts]);

    /// <summary>Runs it to its end.</summary>
    public CallResult Run(params string[] arguments)
    {
        using var process = Start(arguments);
        return Finish(process);
    }

    /// <summary>Starts it and gives the running process, which is killed when it is disposed.</summary>
    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Assembly, .. arguments])
        {
            WorkingDirectory = Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.Environment["NO_COLOR"] = "1";
        start.Environment["TMPDIR"] = Temporary;
        var process = OwnedProcess.Start(start);
        process.StandardInput.Close();
        return process;
    }

    public static CallResult Finish(Process process)
    {
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        if (!process.WaitForExit(TimeSpan.FromMinutes(3)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("rolloutlab did not end");
        }

        return new CallResult(process.ExitCode, output, error.Result);
    }

    /// <summary>The rows of a JSONL file.</summary>
    public static List<JsonObject> Rows(string path) => File.ReadAllLines(path).Select(line => JsonNode.Parse(line)!.AsObject()).ToList();

    /// <summary>A metrics file without what depends on the clock.</summary>
    public static string Timeless(string path) => string.Join('\n', Rows(path).Select(row =>
    {
        foreach (var key in row.Select(p => p.Key).Where(k => k.StartsWith("timing_s/", StringComparison.Ordinal) || k.StartsWith("perf/", StringComparison.Ordinal)).ToList())
        {
            row.Remove(key);
        }

        return row.ToJsonString();
    }));

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    public static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "RolloutLab.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
