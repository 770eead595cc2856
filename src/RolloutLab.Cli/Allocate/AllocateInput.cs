using System.Globalization;
using System.Text.RegularExpressions;
using RolloutLab.Allocation;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>Where <c>allocate</c> takes its prompts from: a JSONL or Parquet file, or a distribution of success rates.</summary>
/// <param name="Source">The file, or <c>beta(a,b)</c>, or <c>uniform(low,high)</c>.</param>
/// <param name="Prompts">Prompts to draw from a distribution; null for a file.</param>
/// <param name="Seed">Seed of the draws.</param>
/// <param name="Columns">Cost columns that are needed; <c>cost</c> is read in any case.</param>
internal sealed partial record AllocateInput(string Source, long? Prompts, long Seed, IReadOnlyList<string> Columns)
{
    /// <summary>Name of the cost column.</summary>
    public const string Cost = "cost";

    private string[] CostColumns => [Cost, .. Columns.Where(c => c != Cost)];

    /// <summary>The prompts in input order; costs are in the order <c>cost</c>, then the columns.</summary>
    /// <exception cref="DataException">The source cannot be read or a value is outside its range.</exception>
    public IReadOnlyList<PromptStatisticsRow> Read()
    {
        var match = Distribution().Match(Source);
        if (match.Success)
        {
            return Draw(match.Groups["name"].Value, Number(match, "a"), Number(match, "b"));
        }

        if (Prompts is not null)
        {
            throw new DataException($"--prompts: {Source} is a file, which has its own prompts; leave --prompts out, or give a distribution such as beta(0.5,0.5)");
        }

        return Source.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase) ? ReadParquet() : PromptStatisticsFile.Read(Source, CostColumns);
    }

    private PromptStatisticsRow[] Draw(string name, double a, double b)
    {
        if (Prompts is not { } count)
        {
            throw new DataException($"{Source}: a distribution needs the number of prompts; add --prompts N");
        }

        if (name == "beta" ? !(a > 0 && b > 0) : !(a >= 0 && a <= b && b <= 1))
        {
            throw new DataException($"{Source}: {(name == "beta" ? "both parameters of beta must be above 0" : "uniform needs 0 <= low <= high <= 1")}");
        }

        var random = new RandomStreams((ulong)Seed);
        return Enumerable.Range(0, (int)count).Select(i =>
        {
            var stream = random.Stream(StreamPurpose.SuccessRates, prompt: i);
            var rate = name == "beta" ? BetaDraw.From(stream, a, b) : a + ((b - a) * stream.Uniform(0));
            return new PromptStatisticsRow(string.Create(CultureInfo.InvariantCulture, $"p{i:D8}"), rate, double.NaN, CostColumns.Select(_ => double.NaN).ToArray());
        }).ToArray();
    }

    private PromptStatisticsRow[] ReadParquet()
    {
        if (!File.Exists(Source))
        {
            throw new DataException($"{Source}: no such file; check the path");
        }

        using var database = new DuckDbConnection();
        try
        {
            return ReadParquet(database);
        }
        catch (RolloutStoreException error)
        {
            throw new DataException($"{Source}: {error.Message}", error);
        }
    }

    private PromptStatisticsRow[] ReadParquet(DuckDbConnection database)
    {
        var file = $"read_parquet({DuckDbConnection.Literal(Source)})";
        using var description = database.Query($"SELECT column_name FROM (DESCRIBE SELECT * FROM {file})");
        var present = description.ReadAll((chunk, row) => chunk.Text(0, row));
        var hasCounts = present.Contains("successes") && present.Contains("attempts");
        if (!present.Contains("id") || !(present.Contains("success_rate") || hasCounts))
        {
            throw new DataException($"{Source}: has the columns {string.Join(", ", present)}; it needs id, and success_rate or successes with attempts");
        }

        string[] numbers = ["success_rate", "successes", "attempts", .. CostColumns];
        var select = numbers.Select(n => present.Contains(n) ? $"CAST({DuckDbConnection.Identifier(n)} AS DOUBLE)" : "CAST(NULL AS DOUBLE)");
        using var result = database.Query($"SELECT CAST(id AS VARCHAR), {string.Join(", ", select)} FROM {file}");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var rows = result.ReadAll((chunk, row) => ReadRow(chunk, row, $"{Source}: row {seen.Count + 1}", seen));
        return rows.Count > 0 ? [.. rows] : throw new DataException($"{Source}: no prompts; give at least one");
    }

    private PromptStatisticsRow ReadRow(DuckDbChunk chunk, int row, string where, HashSet<string> seen)
    {
        var id = chunk.TextOrNull(0, row) ?? throw new DataException($"{where}: id is null; each prompt needs one");
        double? At(int column) => chunk.IsNull(column, row) ? null : chunk.Number(column, row);
        double CostAt(int column) => At(4 + column) is not { } cost ? double.NaN
            : double.IsFinite(cost) ? cost
            : throw new DataException($"{where}: {CostColumns[column]} = {cost.ToString(CultureInfo.InvariantCulture)}: must be a number of at least 0");
        return seen.Add(id)
            ? PromptStatisticsRow.Checked(where, id, At(1), At(2), At(3), CostColumns.Select((_, c) => CostAt(c)).ToArray())
            : throw new DataException($"{where}: id '{id}' stands in the file twice; give each prompt one row");
    }

    private double Number(Match match, string group) =>
        double.TryParse(match.Groups[group].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
            ? value
            : throw new DataException($"{Source}: '{match.Groups[group].Value}' is not a number; write it as beta(0.5,0.5)");

    [GeneratedRegex(@"^(?<name>beta|uniform)\(\s*(?<a>[^,()]+?)\s*,\s*(?<b>[^,()]+?)\s*\)$", RegexOptions.CultureInvariant)]
    private static partial Regex Distribution();
}
