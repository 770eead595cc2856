using System.Globalization;
using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Finds the runs that are to be compared and sorts them into groups that differ in nothing but their seed.</summary>
/// <param name="notice">Told, in a line each, what is left out.</param>
public sealed class RunFolders(Action<string> notice)
{
    private const string SeedMark = "-seed-";
    private const int DifferencesNamed = 2;

    private sealed record Found(string Folder, string Name, ResolvedSettings Settings);

    /// <summary>Reads runs.</summary>
    /// <param name="folders">Folders of runs or of sweeps.</param>
    /// <param name="progress">Told of the runs read and of all.</param>
    /// <returns>Names of the groups in the order given, and the runs.</returns>
    /// <exception cref="RunException">A folder holds no run, or a file is damaged.</exception>
    public (IReadOnlyList<string> Groups, IReadOnlyList<RunMeasures> Runs) Read(IReadOnlyList<string> folders, IProgress<WorkDone> progress)
    {
        ArgumentNullException.ThrowIfNull(folders);
        ArgumentNullException.ThrowIfNull(progress);
        var found = folders.SelectMany(Expand).DistinctBy(Path.TrimEndingDirectorySeparator).Select(Open).ToList();
        var names = NamesOf(found);
        var runs = new List<RunMeasures>(found.Count);
        foreach (var run in found)
        {
            var (group, seed) = (names[(run.Name, run.Settings.Key)], run.Settings.Seed ?? 0);
            if (runs.Find(r => r.Group == group && r.Seed == seed) is { } twin)
            {
                // Two runs of one seed are one draw: counted twice they would feign a narrower interval.
                notice($"{run.Folder} is left out: {twin.Folder} is the same recipe with the same seed");
                continue;
            }

            var measures = RunMeasures.Read(run.Folder, group, seed);
            if (!measures.IsFinished)
            {
                notice($"{run.Folder} is not finished: it is compared as it stands, after step {measures.Metrics.LastStep}");
            }

            runs.Add(measures);
            progress.Report(new WorkDone(runs.Count, found.Count));
        }

        return ([.. runs.Select(r => r.Group).Distinct()], runs);
    }

    private static IEnumerable<string> Expand(string folder)
    {
        var full = Path.GetFullPath(folder);
        if (IsRun(full))
        {
            return [full];
        }

        var inside = Directory.Exists(full) ? Directory.EnumerateDirectories(full).Where(IsRun).Order(StringComparer.Ordinal).ToList() : [];
        if (inside.Count == 0)
        {
            throw new RunException($"{full} is not the folder of a run or of a sweep: it has no metrics.jsonl; give a folder that train or sweep made");
        }

        var order = SweepOrder(Path.Combine(full, "sweep.json"));
        return inside.OrderBy(f => order.IndexOf(VariantOf(f) ?? "") is >= 0 and var place ? place : int.MaxValue);
    }

    private static bool IsRun(string folder) => File.Exists(Path.Combine(folder, "metrics.jsonl"));

    private static List<string> SweepOrder(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        try
        {
            using var document = JsonDocument.Parse(FileFault.Guard("read", path, () => File.ReadAllBytes(path)));
            return [.. document.RootElement.GetProperty("variants").EnumerateArray().Select(v => v.GetProperty("name").GetString() ?? "")];
        }
        catch (Exception fault) when (fault is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new RunException($"{path} is damaged; run the sweep again, which writes it anew", fault);
        }
    }

    private static string? VariantOf(string folder)
    {
        var name = Path.GetFileName(folder);
        var at = name.LastIndexOf(SeedMark, StringComparison.Ordinal);
        return at > 0 && long.TryParse(name.AsSpan(at + SeedMark.Length), NumberStyles.None, CultureInfo.InvariantCulture, out _) ? name[..at] : null;
    }

    private static Found Open(string folder)
    {
        RunChecksums.Verify(folder, "recipe.yaml", "run.json", "summary.json", "metrics.jsonl");
        var recipe = Path.Combine(folder, "recipe.yaml");
        var settings = ResolvedSettings.Of(FileFault.Guard("read", recipe, () => File.ReadAllText(recipe)));
        return new Found(folder, VariantOf(folder) ?? RecipeName(folder), settings);
    }

    private static string RecipeName(string folder)
    {
        var path = Path.Combine(folder, "run.json");
        try
        {
            return (File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), RunJson.Default.RunIdentity)?.Name : null) ?? Path.GetFileName(folder);
        }
        catch (JsonException fault)
        {
            throw new RunException($"{path} is damaged; train anew", fault);
        }
    }

    /// <summary>A name for each group; recipes that share one are told apart by settings in which they differ.</summary>
    private static Dictionary<(string, string), string> NamesOf(List<Found> found)
    {
        var names = new Dictionary<(string, string), string>();
        foreach (var same in found.DistinctBy(f => (f.Name, f.Settings.Key)).GroupBy(f => f.Name))
        {
            var kinds = same.ToList();
            for (var i = 0; i < kinds.Count; i++)
            {
                var differences = kinds.Count == 1 ? [] : kinds[i].Settings.DifferencesFrom(kinds[i == 0 ? 1 : 0].Settings).Take(DifferencesNamed).ToList();
                var name = differences.Count == 0 ? same.Key : $"{same.Key} ({string.Join(", ", differences)})";
                names[(same.Key, kinds[i].Settings.Key)] = names.ContainsValue(name) ? $"{name} #{i + 1}" : name;
            }
        }

        return names;
    }
}
