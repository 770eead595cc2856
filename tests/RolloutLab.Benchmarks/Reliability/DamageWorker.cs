using System.Globalization;
using System.Text;
using RolloutLab.Core;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Training;

namespace RolloutLab.Benchmarks;

/// <summary>
/// Damages one file after the other of a finished run and reads it as the program does. It is a process of its own, so that
/// a crash or a hang of a reader is seen from outside: before each trial it prints the trial, after it the outcome.
/// </summary>
internal static class DamageWorker
{
    /// <summary>The hidden suite's name.</summary>
    public const string Name = "reliability-damage";

    private static readonly string[] Damages = ["truncated", "bit flipped", "swapped", "zero length"];

    /// <summary>Arguments: a finished run's folder, a folder to work in, the first trial, the trial after the last.</summary>
    public static int Run(string[] arguments, TextWriter output)
    {
        var (pristine, work) = (arguments[0], arguments[1]);
        var files = Directory.EnumerateFiles(pristine, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(pristine, f))
            .Where(f => f is not ("environment.json" or RunChecksums.FileName or ".lock")).Order(StringComparer.Ordinal).ToArray();
        for (var trial = int.Parse(arguments[2], CultureInfo.InvariantCulture); trial < int.Parse(arguments[3], CultureInfo.InvariantCulture); trial++)
        {
            var random = new Random(trial);

            // Kinds of file take turns: there are many Parquet files, and few recipes.
            var kinds = files.GroupBy(KindOf).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => g.ToArray()).ToArray();
            var of = kinds[trial % kinds.Length];
            var file = of[random.Next(of.Length)];
            var damage = Damages[trial / kinds.Length % Damages.Length];
            output.WriteLine($"{trial}\t{KindOf(file)}\t{damage}\t{file}");
            output.Flush();
            output.WriteLine(Outcome(pristine, work, file, damage, files[random.Next(files.Length)], random));
            output.Flush();
        }

        return 0;
    }

    private static string KindOf(string file) => Path.GetExtension(file) switch
    {
        ".parquet" => "parquet",
        ".jsonl" => "jsonl",
        ".yaml" => "recipe",
        _ when Path.GetFileName(file) == "tokenizer.json" => "tokenizer",
        _ when file.StartsWith("checkpoints", StringComparison.Ordinal) => "checkpoint",
        _ when file.Contains("tfevents", StringComparison.Ordinal) => "tensorboard",
        _ => "run record",
    };

    private static string Outcome(string pristine, string work, string file, string damage, string other, Random random)
    {
        var path = Path.Combine(work, file);
        var original = File.ReadAllBytes(path);
        var damaged = Damaged(original, damage, Path.Combine(pristine, other), random);
        if (damaged.AsSpan().SequenceEqual(original))
        {
            return "harmless\tthe same bytes";
        }

        try
        {
            File.WriteAllBytes(path, damaged);
            return Read(work, file) is { } told ? $"told\t{told}" : "silent\t";
        }
        catch (RolloutLabException error)
        {
            return $"told\t{error.Message.ReplaceLineEndings(" ")}";
        }
#pragma warning disable CA1031 // Every other exception is what is looked for: an error nobody foresaw.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return $"crash\t{error.GetType().Name}: {error.Message.ReplaceLineEndings(" ")}";
        }
        finally
        {
            File.WriteAllBytes(path, original);
        }
    }

    private static byte[] Damaged(byte[] original, string damage, string other, Random random)
    {
        switch (damage)
        {
            case "truncated":
                return original[..random.Next(original.Length)];
            case "swapped":
                return File.ReadAllBytes(other);
            case "zero length":
                return [];
            default:
                var flipped = original.ToArray();
                flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
                return flipped;
        }
    }

    /// <summary>Reads the run by everything that reads this file. What was told besides errors; null for nothing.</summary>
    private static string? Read(string run, string file)
    {
        var notices = new StringBuilder();
        if (file.StartsWith("checkpoints", StringComparison.Ordinal))
        {
            // As resume and eval do.
            _ = SavedCheckpoint.FindNewest(Path.Combine(run, "checkpoints"), line => notices.Append(line));
            SavedCheckpoint.Verify(Path.GetDirectoryName(Path.Combine(run, file))!);
        }
        else
        {
            var page = RunReportPage.Of(new RunReportReader(run, new Progress<WorkDone>()).Read());
            using var query = new RunQuery([run], _ => []);
            _ = (page.Length, query.Table("SELECT * FROM rollouts", 1_000_000), query.Table("SELECT * FROM metrics", 1_000_000));
            TensorBoardLog.KeepThrough(Copy(Path.Combine(run, TensorBoardLog.TrainingName)), long.MaxValue);
            _ = RecipeLoader.Load(Path.Combine(run, "recipe.yaml"), []);
        }

        return notices.Length > 0 ? notices.ToString() : null;
    }

    private static string Copy(string path)
    {
        File.Copy(path, path + ".copy", overwrite: true);
        return path + ".copy";
    }
}
