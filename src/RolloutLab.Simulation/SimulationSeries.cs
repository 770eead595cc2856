using System.Text.Json;

namespace RolloutLab.Simulation;

/// <summary>What one simulated run measured, one entry a step, read back from its metrics.</summary>
internal sealed class SimulationSeries
{
    private readonly Dictionary<string, double[]> _columns;

    public SimulationSeries(string metricsPath)
    {
        string[] names =
        [
            SimulationMetrics.MeanRate, SimulationMetrics.SolvedRatio, SimulationMetrics.InformationGain, SimulationMetrics.ByRollouts,
            SimulationMetrics.ByPrompts, SimulationMetrics.Rollouts, SimulationMetrics.MostRollouts,
        ];
        var columns = names.Select(_ => new List<double>()).ToArray();
        foreach (var line in File.ReadLines(metricsPath).Skip(1))
        {
            using var row = JsonDocument.Parse(line);
            for (var c = 0; c < names.Length; c++)
            {
                columns[c].Add(row.RootElement.GetProperty(names[c]).GetDouble());
            }
        }

        _columns = names.Zip(columns).ToDictionary(x => x.First, x => x.Second.ToArray());
        var spent = 0.0;
        Spent = this[SimulationMetrics.Rollouts].Select(n => spent += n).ToArray();
    }

    public double[] this[string name] => _columns[name];

    /// <summary>Rollouts up to and with each step.</summary>
    public double[] Spent { get; }

    public int Steps => Spent.Length;

    /// <summary>Rollouts until a share of prompts was solved; NaN when it never was.</summary>
    public double SpentUntil(double solved)
    {
        var at = Array.FindIndex(this[SimulationMetrics.SolvedRatio], s => s >= solved);
        return at < 0 ? double.NaN : Spent[at];
    }
}
