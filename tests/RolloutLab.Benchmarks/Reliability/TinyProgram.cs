using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Benchmarks;

/// <summary>The program itself, run as a process on a recipe that trains in seconds, in a folder of its own.</summary>
internal sealed class TinyProgram : IDisposable
{
    /// <summary>Every kind of file: checkpoints each step, Parquet, all logs, trees, TensorBoard, an evaluation now and then.</summary>
    private const string Recipe =
        """
        seed: 3
        threads: 1
        tracking: [tensorboard]
        model: { config: { hidden_size: 32, layers: 2, heads: 2, intermediate_size: 64, max_positions: 128 } }
        tokenizer: { type: countdown }
        data:
          train: { type: countdown, path: train.jsonl }
          eval: { type: countdown, path: heldout.jsonl, limit: 8 }
        verifier: { type: countdown }
        rollout: { max_new_tokens: 24, strategy: { type: latr, min_probability: 0.02, max_gap: 0.6, lookahead: [3, 6] } }
        budget: { type: knapsack, prompts_per_step: 4, rollouts_per_prompt: 4, n_low: 2, n_up: 8 }
        optimizer: { learning_rate: 1.0e-3 }
        training: { steps: 12 }
        evaluation: { every: 6, rollouts: 2, pass_at: [1, 2] }
        checkpoint: { every: 1, keep_last: 2 }

        """;

    private static readonly string Program = Path.Combine(ProjectFolder.Path, "src", "RolloutLab.Cli", "bin", "Release", "net10.0", "rolloutlab.dll");

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _signals;

    /// <exception cref="SetupException">The program is not built.</exception>
    public TinyProgram()
    {
        _signals = [.. ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP]).Select(s => PosixSignalRegistration.Create(s, Stop))];
        if (!File.Exists(Program))
        {
            throw new SetupException($"{Program} is not there; run ./rolloutlab setup, and this through ./rolloutlab bench");
        }

        var data = Path.Combine(ProjectFolder.Path, "data", "countdown");
        File.WriteAllLines(At("train.jsonl"), File.ReadLines(Path.Combine(data, "train.jsonl")).Take(64));
        File.WriteAllLines(At("heldout.jsonl"), File.ReadLines(Path.Combine(data, "heldout.jsonl")).Take(16));
        File.WriteAllText(At("tiny.yaml"), Recipe);
    }

    /// <summary>The folder.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("rolloutlab-reliability-").FullName;

    public string At(params ReadOnlySpan<string> parts) => Path.Combine([Folder, .. parts]);

    /// <summary>Cancelled when a signal asked to stop: then what runs is killed, nothing more is started, and all is tidied up.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Starts training in a folder, or goes on with what is there.</summary>
    public RunningProgram TrainOrResume(string run, params string[] settings) => File.Exists(Path.Combine(run, "run.json"))
        ? Start("resume", run)
        : Start(["train", "tiny.yaml", "--run-dir", run, .. settings]);

    /// <summary>Starts it.</summary>
    /// <exception cref="OperationCanceledException">A signal asked to stop.</exception>
    public RunningProgram Start(params string[] arguments)
    {
        Stopped.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments])
        {
            WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        start.Environment["NO_COLOR"] = "1";
        LeaveNoPipes(start);
        return new RunningProgram(Process.Start(start)!, Stopped);
    }

    /// <summary>
    /// Has a process that will be killed open no pipes for debuggers: .NET puts them into the temporary folder, where a
    /// killed process leaves them.
    /// </summary>
    public static void LeaveNoPipes(ProcessStartInfo start) => start.Environment["DOTNET_EnableDiagnostics"] = "0";

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        Array.ForEach(_signals, s => s.Dispose());
        _stop.Dispose();
    }

    private void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        _stop.Cancel();
    }
}

/// <summary>A running program, whose output is read as it comes.</summary>
internal sealed class RunningProgram : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();

    private readonly CancellationToken _stopped;
    private readonly CancellationTokenRegistration _stopping;

    /// <param name="process">The process; owned.</param>
    /// <param name="stopped">Kills it.</param>
    public RunningProgram(Process process, CancellationToken stopped)
    {
        Process = process;
        process.OutputDataReceived += (_, e) => Add(_out, e.Data);
        process.ErrorDataReceived += (_, e) => Add(_error, e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        _stopped = stopped;
        _stopping = stopped.Register(process.Kill);
    }

    public Process Process { get; }

    public string Out => Text(_out);

    public string Error => Text(_error);

    /// <summary>Waits for its end.</summary>
    /// <param name="patience">How long; null for ten minutes.</param>
    /// <returns>The exit code; null when it hangs, and then it is killed.</returns>
    /// <exception cref="OperationCanceledException">A signal asked to stop: that the program was killed says nothing about it.</exception>
    public int? Finish(TimeSpan? patience = null)
    {
        if (Process.WaitForExit(patience ?? Patience))
        {
            Process.WaitForExit();
            _stopped.ThrowIfCancellationRequested();
            return Process.ExitCode;
        }

        Kill();
        return null;
    }

    /// <summary>Kills it with SIGKILL.</summary>
    public void Kill()
    {
        Process.Kill();
        Process.WaitForExit();
    }

    /// <summary>Lets go of it; where it still runs, because something went wrong meanwhile, it is killed.</summary>
    public void Dispose()
    {
        _stopping.Dispose();
        if (!Process.HasExited)
        {
            Kill();
        }

        Process.Dispose();
    }

    private static void Add(StringBuilder to, string? line)
    {
        lock (to)
        {
            to.Append(line).Append(line is null ? "" : "\n");
        }
    }

    private static string Text(StringBuilder from)
    {
        lock (from)
        {
            return from.ToString();
        }
    }
}
