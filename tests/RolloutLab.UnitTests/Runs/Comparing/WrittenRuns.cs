using System.Globalization;
using System.Text.Json.Nodes;

namespace RolloutLab.UnitTests.Runs;

/// <summary>Run folders as train leaves them, with metrics made up by the test.</summary>
internal sealed class WrittenRuns : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rolloutlab-runs-").FullName;

    public string At(params ReadOnlySpan<string> parts) => Path.Combine([_folder, .. parts]);

    /// <summary>A finished run: a row of metrics for each step from 0, each a list of names and values.</summary>
    public string Add(string name, long seed, string recipe, IEnumerable<(string Name, double Value)[]> rows, double clipLow = 0.2, bool finished = true)
    {
        var folder = At(name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "recipe.yaml"), string.Create(CultureInfo.InvariantCulture, $"seed: {seed}\nloss:\n  type: vanilla\n  clip_low: {clipLow}\nrun:\n  dir: \"/somewhere/{name}\"\n"));
        File.WriteAllText(Path.Combine(folder, "run.json"), $$"""{"kind":"train","name":"{{recipe}}","recipe_hash":"x"}""");
        var lines = rows.Select((row, step) =>
        {
            var json = new JsonObject { ["step"] = step };
            foreach (var (metric, value) in row)
            {
                json[metric] = value;
            }

            return json.ToJsonString();
        }).ToList();
        File.WriteAllText(Path.Combine(folder, "metrics.jsonl"), string.Concat(lines.Select(l => l + "\n")));
        if (finished)
        {
            File.WriteAllText(Path.Combine(folder, "summary.json"), new RolloutLab.Runs.RunSummary
            {
                Stopped = RolloutLab.Runs.RunEnding.Finished, Initial = new(), Final = new() { PassAt1 = 0.5, ResponseLength = 33 }, Steps = lines.Count - 1, RolloutsTotal = 1,
                TokensGenerated = 1, TokensTrained = 1, WallSeconds = 1, Seconds = new(), PeakMemoryBytes = 1, Seed = seed, RecipeHash = "x",
            }.ToJson());
        }

        return folder;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
