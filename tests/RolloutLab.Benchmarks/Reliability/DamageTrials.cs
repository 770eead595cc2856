using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;

namespace RolloutLab.Benchmarks;

/// <summary>Drives <see cref="DamageWorker"/>: a crash or hang of it is counted, and it goes on with the next trial.</summary>
internal sealed class DamageTrials(TinyProgram program, TextWriter progress)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly SortedDictionary<string, int> _kinds = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _outcomes = new(StringComparer.Ordinal) { ["crash"] = 0, ["hang"] = 0, ["silent"] = 0, ["told"] = 0, ["harmless"] = 0 };
    private readonly JsonArray _examples = [];

    /// <summary>Runs the trials.</summary>
    public JsonObject Run(int trials)
    {
        var (pristine, work) = (program.At("pristine"), program.At("damaged"));
        using (var process = program.TrainOrResume(pristine))
        {
            if (process.Finish() != 0)
            {
                throw new Core.RunException($"the run to damage failed: {process.Error.Trim()}");
            }
        }

        using (var copy = Process.Start("cp", ["-a", pristine, work]))
        {
            copy.WaitForExit();
        }

        for (var next = 0; next < trials;)
        {
            program.Stopped.ThrowIfCancellationRequested();
            next = Batch(pristine, work, next, trials);
        }

        var (kinds, outcomes) = (new JsonObject(), _outcomes);
        foreach (var (kind, count) in _kinds)
        {
            kinds[kind] = count;
        }

        return new JsonObject
        {
            ["trials"] = trials,
            ["crashes"] = outcomes["crash"],
            ["hangs"] = outcomes["hang"],
            ["silent"] = outcomes["silent"],
            ["told"] = outcomes["told"],
            ["harmless"] = outcomes["harmless"],
            ["kinds"] = kinds,
            ["examples"] = _examples,
        };
    }

    /// <summary>Trials by one process. The next trial to do.</summary>
    private int Batch(string pristine, string work, int next, int trials)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(DamageTrials).Assembly.Location, DamageWorker.Name, pristine, work, Number(next), Number(trials)])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        TinyProgram.LeaveNoPipes(start);
        using var process = Process.Start(start)!;
        using var stopping = program.Stopped.Register(process.Kill);
        var lines = Channel.CreateUnbounded<string>();
        process.OutputDataReceived += (_, e) => _ = e.Data is { } line ? lines.Writer.TryWrite(line) : lines.Writer.TryComplete();
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        while (true)
        {
            if (Line(lines.Reader) is not { } trial)
            {
                process.Kill();
                return trials;
            }

            if (trial.Length == 0)
            {
                return next;
            }

            var fields = trial.Split('\t');
            _kinds[fields[1]] = _kinds.GetValueOrDefault(fields[1]) + 1;
            next = int.Parse(fields[0], CultureInfo.InvariantCulture) + 1;
            var answer = Line(lines.Reader);
            Count(answer is null ? "hang\t" : answer.Length == 0 ? "crash\tthe process ended" : answer, fields);
            if (answer is null or "")
            {
                // What it was reading is still damaged.
                process.Kill();
                File.Copy(Path.Combine(pristine, fields[3]), Path.Combine(work, fields[3]), overwrite: true);
                return next;
            }
        }
    }

    private void Count(string answer, string[] trial)
    {
        var outcome = answer.Split('\t', 2);
        _outcomes[outcome[0]]++;
        if (outcome[0] is "crash" or "hang" or "silent" && _examples.Count < 20)
        {
            _examples.Add($"{outcome[0]}: {trial[3]} {trial[2]} (trial {trial[0]}): {outcome[1]}");
        }

        var done = _outcomes.Values.Sum();
        if (done % 100 == 0)
        {
            progress.WriteLine($"damaged files: {done}");
        }
    }

    /// <summary>The next line; empty when the process ended, null when none came in time.</summary>
    private static string? Line(ChannelReader<string> lines)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return lines.WaitToReadAsync(patience.Token).AsTask().GetAwaiter().GetResult() && lines.TryRead(out var line) ? line : "";
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
