using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>Writes what a simulation measured: means over the seeds as JSONL, curves and heat maps as SVG.</summary>
internal sealed class SimulationFiles(string folder, IReadOnlyList<string> names, IReadOnlyDictionary<string, SimulationSeries[]> series)
{
    /// <summary>Writes <c>simulation.jsonl</c>, <c>simulation.svg</c> and each allocator's <c>budgets.svg</c>.</summary>
    public void Write(string title)
    {
        WriteRows(Path.Combine(folder, "simulation.jsonl"));
        AtomicFile.WriteText(Path.Combine(folder, "simulation.svg"), LineChart.Draw(title, Panels()));
        foreach (var name in names)
        {
            var first = Directory.EnumerateFiles(Path.Combine(folder, name), "budgets.jsonl", SearchOption.AllDirectories).First();
            AtomicFile.WriteText(Path.Combine(folder, name, "budgets.svg"), BudgetHeatMap.Of(first).Draw());
        }
    }

    /// <summary>One row for each allocator and step: means, and half-widths of the 95 % intervals under <c>…/ci95</c>.</summary>
    private void WriteRows(string path) => AtomicFile.Write(path, stream =>
    {
        using var writer = new Utf8JsonWriter(stream);
        foreach (var name in names)
        {
            for (var step = 0; step < series[name][0].Steps; step++)
            {
                writer.WriteStartObject();
                writer.WriteString("allocator", name);
                writer.WriteNumber("step", step + 1);
                writer.WriteNumber("rollouts", series[name].Average(s => s.Spent[step]));
                foreach (var metric in new[] { SimulationMetrics.ByRollouts, SimulationMetrics.ByPrompts, SimulationMetrics.SolvedRatio, SimulationMetrics.MeanRate })
                {
                    var interval = At(name, metric, step);
                    writer.WriteNumber(metric, interval.Mean);
                    writer.WriteNumber(metric + "/ci95", interval.Margin);
                }

                writer.WriteEndObject();
                writer.Flush();
                stream.WriteByte((byte)'\n');
                writer.Reset();
            }
        }
    });

    private ChartPanel[] Panels() =>
    [
        Panel("effective-gradient ratio, by rollouts", "step", SimulationMetrics.ByRollouts, (_, step) => step + 1),
        Panel("effective-gradient ratio, by prompts", "step", SimulationMetrics.ByPrompts, (_, step) => step + 1),
        Panel("solved prompts", "step", SimulationMetrics.SolvedRatio, (_, step) => step + 1),
        Panel("solved prompts", "rollouts spent", SimulationMetrics.SolvedRatio, (name, step) => series[name].Average(s => s.Spent[step])),
    ];

    private ChartPanel Panel(string title, string axis, string metric, Func<string, int, double> x) => new(title, axis, names.Select(name =>
    {
        // More points than pixels say nothing; the metrics have them all.
        var steps = series[name][0].Steps;
        var points = Enumerable.Range(0, Math.Min(steps, 200)).Select(k => (int)((long)k * (steps - 1) / Math.Max(1, Math.Min(steps, 200) - 1))).ToArray();
        var intervals = points.Select(step => At(name, metric, step)).ToArray();
        return new ChartSeries(
            name,
            [.. points.Select(step => x(name, step))],
            [.. intervals.Select(i => i.Mean)],
            [.. intervals.Select(i => i.Mean - i.Margin)],
            [.. intervals.Select(i => i.Mean + i.Margin)]);
    }).ToList());

    private Estimate At(string name, string metric, int step) => Estimate.Of(series[name].Select(s => s[metric][step]));
}
