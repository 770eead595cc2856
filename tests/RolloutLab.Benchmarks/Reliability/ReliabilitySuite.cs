using System.Globalization;
using System.Text.Json.Nodes;

namespace RolloutLab.Benchmarks;

/// <summary>The <c>reliability</c> suite: kills, full disks, damaged files, and memory over a long run. <c>--trials</c> makes it small.</summary>
internal sealed class ReliabilitySuite : IBenchSuite
{
    private const int Kills = 200;
    private const int FullDisks = 40;
    private const int DamagedFiles = 2_000;
    private const int TrainingSteps = 300;
    private const int SimulatedSteps = 2_000;

    public string Name => "reliability";

    public string Summary => "200 kills, full disks, 2,000 damaged files, and memory over 300 steps of training and 2,000 of simulation";

    public IReadOnlyList<string> Parts => ["kill", "disk_full", "damaged_files", "soak"];

    public JsonObject Run(BenchOptions options, TextWriter progress)
    {
        using var program = new TinyProgram();
        var trials = options.Trials ?? (options.Quick ? 3 : null);
        var report = new JsonObject();
        Add("kill", () => new KillTrials(program, progress).Run(trials ?? Kills));
        Add("disk_full", () => new DiskFullTrials(program, progress).Run(trials ?? FullDisks));
        Add("damaged_files", () => new DamageTrials(program, progress).Run(10 * trials ?? DamagedFiles));
        Add("soak", () => new SoakTrials(program, progress).Run(trials is { } few ? Math.Min(10 * few, TrainingSteps) : TrainingSteps, trials is { } small ? Math.Min(100 * small, SimulatedSteps) : SimulatedSteps));
        return report;

        void Add(string name, Func<JsonObject> measure)
        {
            if (options.Wants(name))
            {
                report[name] = measure();
            }
        }
    }

    public string Table(JsonObject report) => string.Join('\n', report.Select(part =>
        $"{part.Key,-14} {string.Join("  ", part.Value!.AsObject().Where(f => f.Value is JsonValue).Select(f => $"{f.Key} {Text(f.Value!)}"))}"));

    private static string Text(JsonNode value) => value.GetValueKind() == System.Text.Json.JsonValueKind.Number
        ? value.GetValue<double>() is var number && Math.Floor(number) == number
            ? number.ToString("#,0", CultureInfo.InvariantCulture)
            : number.ToString("0.####", CultureInfo.InvariantCulture)
        : value.ToString();
}
