using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// Reads success rates of prompts from JSONL: <c>id</c> with <c>success_rate</c>, or with <c>successes</c> and
/// <c>attempts</c>; or published solutions graded by model, objects with <c>is_correct</c>, as in GSM8K's
/// <c>example_model_solutions.jsonl</c>.
/// </summary>
public static class PromptStatisticsFile
{
    /// <summary>The file's prompts in order; never empty.</summary>
    /// <param name="path">The file.</param>
    /// <param name="costs">Columns with costs; a row may lack them.</param>
    /// <exception cref="DataException">The file cannot be read, is empty, lacks a column, or a value is outside its range.</exception>
    public static IReadOnlyList<PromptStatisticsRow> Read(string path, params IReadOnlyList<string> costs)
    {
        var rows = new List<PromptStatisticsRow>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var row in JsonlReader.Read(path))
        {
            var parsed = Parse(row, costs);
            if (!ids.Add(parsed.Id))
            {
                throw row.Error($"id '{parsed.Id}' stands in the file twice; give each prompt one line");
            }

            rows.Add(parsed);
        }

        return rows.Count > 0 ? rows : throw new DataException($"{path}: no prompts; each line must be one, such as {{\"id\":\"p1\",\"success_rate\":0.25}}");
    }

    private static PromptStatisticsRow Parse(JsonlRow row, IReadOnlyList<string> costs)
    {
        var prices = costs.Select(c => row.Has(c) ? row.Number(c) : double.NaN).ToArray();
        var hasRate = row.Has("success_rate");
        var hasCounts = row.Has("successes") && row.Has("attempts");
        if (!hasRate && !hasCounts && row.Flags("is_correct") is { Count: > 0 } grades)
        {
            var id = row.Has("id") ? row.TextOrNumber("id") : $"line-{row.Line:D8}";
            return PromptStatisticsRow.Checked(row.Where, id, null, grades.Count(g => g), grades.Count, prices);
        }

        if (!hasRate && !hasCounts)
        {
            throw row.Error(row.Has("successes")
                ? "'successes' without 'attempts'; each prompt needs success_rate, or successes and attempts"
                : row.Has("attempts")
                    ? "'attempts' without 'successes'; each prompt needs success_rate, or successes and attempts"
                    : "no success rate; each prompt needs success_rate, or successes and attempts");
        }

        return PromptStatisticsRow.Checked(
            row.Where,
            row.TextOrNumber("id"),
            hasRate ? row.Number("success_rate") : null,
            row.Has("successes") ? row.Number("successes") : null,
            row.Has("attempts") ? row.Number("attempts") : null,
            prices);
    }
}
