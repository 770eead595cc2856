using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Budget against success rate over training, from a run's budget history (<see cref="BudgetLog"/>).</summary>
public static class BudgetHeatMap
{
    private const int RateBins = 10;
    private const int MostColumns = 40;

    /// <summary>The mean rollouts of a prompt by its expected success rate and the time of training.</summary>
    /// <param name="path">A run's <c>budgets.jsonl</c>.</param>
    /// <exception cref="DataException">There is no history, or a line of it is damaged.</exception>
    public static HeatMap Of(string path)
    {
        var (sums, counts) = Read(path);
        if (sums.Count == 0)
        {
            throw new DataException($"{path}: no steps; run at least one step before drawing its budgets");
        }

        var steps = sums.Keys.Order().ToArray();
        var columns = Math.Min(MostColumns, steps.Length);
        var cells = Enumerable.Range(0, RateBins).Select(_ => new double[columns]).ToArray();
        var labels = new string[columns];
        for (var c = 0; c < columns; c++)
        {
            var inside = steps[(int)((long)c * steps.Length / columns)..(int)((long)(c + 1) * steps.Length / columns)];
            labels[c] = $"{inside[0]}";
            for (var r = 0; r < RateBins; r++)
            {
                var prompts = inside.Sum(s => counts[s][r]);
                cells[r][c] = prompts > 0 ? inside.Sum(s => sums[s][r]) / prompts : double.NaN;
            }
        }

        var rows = Enumerable.Range(0, RateBins).Select(r => $"{r * 100 / RateBins}–{(r + 1) * 100 / RateBins}%").ToArray();
        return new HeatMap("Rollouts of a prompt by its expected success rate", "step", "success rate", labels, rows, cells);
    }

    private static (Dictionary<long, double[]> Sums, Dictionary<long, double[]> Counts) Read(string path)
    {
        var (sums, counts) = (new Dictionary<long, double[]>(), new Dictionary<long, double[]>());
        var line = 0;
        try
        {
            foreach (var text in File.ReadLines(path))
            {
                line++;
                using var row = JsonDocument.Parse(text);
                var step = row.RootElement.GetProperty("step").GetInt64();
                var rollouts = row.RootElement.GetProperty("rollouts");
                (sums[step], counts[step]) = (new double[RateBins], new double[RateBins]);
                var at = 0;
                foreach (var estimate in row.RootElement.GetProperty("estimate").EnumerateArray())
                {
                    var bin = Math.Clamp((int)(estimate.GetDouble() * RateBins), 0, RateBins - 1);
                    sums[step][bin] += rollouts[at++].GetInt32();
                    counts[step][bin]++;
                }
            }
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or FormatException)
        {
            throw new DataException($"{path}:{line}: not a row of a budget history ({error.Message}); draw a run that finished", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read ({error.Message}); name the folder of a run", error);
        }

        return (sums, counts);
    }
}
