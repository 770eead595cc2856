namespace RolloutLab.Runs;

/// <summary>What a first look through all rollouts gathers: every prompt's totals and how long responses were over training.</summary>
/// <param name="steps">Steps of the run, at least 1.</param>
public sealed class PromptSurvey(long steps)
{
    private const int MostColumns = 40;
    private const int Rows = 12;

    private sealed class Tally
    {
        public List<long> Steps { get; } = [];

        public long Rollouts { get; set; }

        public long Correct { get; set; }

        public long Tokens { get; set; }
    }

    private readonly Dictionary<string, Tally> _prompts = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private readonly int _columns = (int)Math.Clamp(steps, 1, MostColumns);
    private readonly Dictionary<(int Column, int Length), long> _lengths = [];

    /// <summary>Prompts in the order in which training met them.</summary>
    public IReadOnlyList<string> Prompts => _order;

    /// <summary>All rollouts.</summary>
    public long Rollouts { get; private set; }

    /// <summary>What a prompt got.</summary>
    public PromptTotals this[string prompt] => new(_prompts[prompt].Steps, _prompts[prompt].Rollouts, _prompts[prompt].Correct, _prompts[prompt].Tokens);

    /// <summary>Counts a group; groups come by step.</summary>
    public void Add(long step, string prompt, int correct, int[] lengths)
    {
        ArgumentNullException.ThrowIfNull(lengths);
        if (!_prompts.TryGetValue(prompt, out var tally))
        {
            _prompts.Add(prompt, tally = new Tally());
            _order.Add(prompt);
        }

        tally.Steps.Add(step);
        tally.Rollouts += lengths.Length;
        tally.Correct += correct;
        Rollouts += lengths.Length;
        var column = (int)Math.Clamp((step - 1) * _columns / Math.Max(1, steps), 0, _columns - 1);
        foreach (var length in lengths)
        {
            tally.Tokens += length;
            _lengths[(column, length)] = _lengths.GetValueOrDefault((column, length)) + 1;
        }
    }

    /// <summary>Share of the rollouts of each time of training by their length; null without rollouts.</summary>
    public HeatMap? Lengths()
    {
        if (_lengths.Count == 0)
        {
            return null;
        }

        var width = Math.Max(1, (int)Math.Ceiling((_lengths.Keys.Max(k => k.Length) + 1) / (double)Rows));
        var cells = Enumerable.Range(0, Rows).Select(_ => new double[_columns]).ToArray();
        var totals = new double[_columns];
        foreach (var ((column, length), count) in _lengths)
        {
            cells[length / width][column] += count;
            totals[column] += count;
        }

        foreach (var row in cells)
        {
            for (var c = 0; c < _columns; c++)
            {
                row[c] = row[c] > 0 ? 100 * row[c] / totals[c] : double.NaN;
            }
        }

        var columns = Enumerable.Range(0, _columns).Select(c => $"{(c * steps / _columns) + 1}").ToArray();
        var rows = Enumerable.Range(0, Rows).Select(r => $"{r * width}–{((r + 1) * width) - 1}").ToArray();
        return new HeatMap("Percent of a time's responses by their length", "step", "tokens", columns, rows, cells);
    }
}
