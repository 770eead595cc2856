using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace RolloutLab.Benchmarks;

/// <summary>
/// Trains on a small file system of its own (tmpfs) that fills up at another place in each trial, then makes room and resumes.
/// Right is: exit code 1 and one line that names the file and the remedy; and then the run ends as an undisturbed one.
/// </summary>
internal sealed class DiskFullTrials(TinyProgram program, TextWriter progress)
{
    private const long Roomy = 256L << 20;
    private const long Page = 4096;

    private readonly SortedDictionary<string, int> _kinds = new(StringComparer.Ordinal);

    /// <summary>Runs the trials.</summary>
    public JsonObject Run(int trials)
    {
        var mount = program.At("small");
        Directory.CreateDirectory(mount);
        if (!Mount(mount, Roomy, remount: false))
        {
            return new JsonObject { ["trials"] = 0, ["failures"] = 0, ["skipped"] = "a small tmpfs cannot be mounted here; only root may" };
        }

        try
        {
            return OnMount(mount, trials);
        }
        finally
        {
            // Lazily where a process that was killed is still there.
            _ = Call("umount", mount) == 0 ? 0 : Call("umount", "-l", mount);
        }
    }

    private JsonObject OnMount(string mount, int trials)
    {
        var whole = Path.Combine(mount, "run");
        var reference = program.At("undisturbed-disk");
        using (var process = program.TrainOrResume(whole))
        {
            if (process.Finish() != 0)
            {
                throw new Core.RunException($"the undisturbed run failed: {process.Error.Trim()}");
            }
        }

        var used = (long)Directory.EnumerateFiles(whole, "*", SearchOption.AllDirectories).Sum(f => ((new FileInfo(f).Length / Page) + 1) * Page);
        Call("cp", "-a", whole, reference);
        var (failures, filled, faults) = (0, 0, new JsonArray());
        for (var trial = 0; trial < trials; trial++)
        {
            progress.WriteLine($"disk full: {trial}/{trials}");
            Directory.Delete(whole, recursive: true);

            // Even over all sizes, in an order of its own, so that few trials reach every kind of write too.
            var share = (trial * 0.6180339887498949) % 1;
            var room = ((long)(share * used) / Page * Page) + (2 * Page);
            if (Trial(mount, whole, reference, room, out var wasFull) is { } fault)
            {
                failures++;
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"{room} bytes: {fault}"));
            }

            filled += wasFull ? 1 : 0;
        }

        var kinds = new JsonObject();
        foreach (var (kind, count) in _kinds)
        {
            kinds[kind] = count;
        }

        return new JsonObject { ["trials"] = trials, ["failures"] = failures, ["full"] = filled, ["failed_writes"] = kinds, ["faults"] = faults };
    }

    /// <summary>What went wrong; null when all was right.</summary>
    private string? Trial(string mount, string run, string reference, long room, out bool wasFull)
    {
        wasFull = false;
        if (!Mount(mount, room, remount: true))
        {
            return "the file system could not be made small";
        }

        using (var process = program.TrainOrResume(run))
        {
            var code = process.Finish();
            var lines = process.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Mount(mount, Roomy, remount: true);
            wasFull = code != 0;
            if (wasFull && (code != 1 || lines.Length != 1 || !lines[0].Contains("space", StringComparison.Ordinal) || !lines[0].Contains(run, StringComparison.Ordinal)))
            {
                return $"exit code {code}: {string.Join(" / ", lines)}";
            }

            if (wasFull)
            {
                var kind = KindOf(lines[0]);
                _kinds[kind] = _kinds.GetValueOrDefault(kind) + 1;
            }
        }

        if (!File.Exists(Path.Combine(run, "run.json")) && Directory.Exists(run))
        {
            // Full before there was a run: there is nothing to resume.
            Directory.Delete(run, recursive: true);
        }

        using var resumed = program.TrainOrResume(run);
        if (resumed.Finish() is not 0 and var failed)
        {
            return $"resume ended with {failed}: {resumed.Error.Trim()}";
        }

        var audit = RunAudit.Of(reference, run);
        return audit.IsClean ? null : audit.ToString();
    }

    private static string KindOf(string line) => line switch
    {
        _ when line.Contains("checkpoint", StringComparison.Ordinal) => "checkpoint",
        _ when line.Contains(".parquet", StringComparison.Ordinal) => "parquet",
        _ when line.Contains(".jsonl", StringComparison.Ordinal) => "jsonl",
        _ when line.Contains("tfevents", StringComparison.Ordinal) => "tensorboard",
        _ when line.Contains("summary.json", StringComparison.Ordinal) || line.Contains("checksums.json", StringComparison.Ordinal) => "summary",
        _ => "start",
    };

    private static bool Mount(string folder, long bytes, bool remount) => Call(
        "mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"{(remount ? "remount," : "")}size={bytes}"), "none", folder) == 0;

    private static int Call(string tool, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments) { RedirectStandardError = true });
        if (process is null)
        {
            return -1;
        }

        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
