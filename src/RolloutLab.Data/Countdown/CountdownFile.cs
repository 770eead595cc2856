using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// Countdown problems as JSON lines: <c>{"id","numbers","target","difficulty","solution"}</c>, in this order of fields.
/// </summary>
public static class CountdownFile
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes examples; the same examples give the same bytes.</summary>
    /// <exception cref="DataException">The file cannot be written; whatever was there before is unchanged.</exception>
    public static void Write(string path, IEnumerable<CountdownExample> examples)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(examples);
        DataFile.WriteLines(path, examples.Select(e => JsonSerializer.Serialize(Row.Of(e), Compact)));
    }

    /// <summary>Writes <c>train.jsonl</c> and <c>heldout.jsonl</c> into a folder, which is made if it is not there.</summary>
    /// <exception cref="DataException">A file cannot be written.</exception>
    public static void WriteDataset(string folder, CountdownDataset dataset)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(dataset);
        Write(Path.Combine(folder, "train.jsonl"), dataset.Train);
        Write(Path.Combine(folder, "heldout.jsonl"), dataset.HeldOut);
    }

    /// <summary>Reads examples. The solution is carried along as text, not checked.</summary>
    /// <exception cref="DataException">The file or a line is unusable; the message names file, line and reason.</exception>
    public static IReadOnlyList<CountdownExample> Read(string path) => [.. JsonlReader.Read(path).Select(Parse)];

    /// <summary>One example from its row.</summary>
    /// <exception cref="DataException">A field is missing, ill-typed or out of range.</exception>
    internal static CountdownExample Parse(JsonlRow row)
    {
        var difficulty = row.Integer("difficulty");
        return difficulty is >= 1 and <= CountdownDifficulty.Hardest
            ? new CountdownExample(row.Text("id"), ParseProblem(row), difficulty, row.Text("solution"))
            : throw row.Error($"field 'difficulty' is {difficulty}, outside 1 to {CountdownDifficulty.Hardest}");
    }

    /// <summary>The problem of a row, which needs no other fields.</summary>
    /// <exception cref="DataException">A field is missing, ill-typed or out of range.</exception>
    internal static CountdownProblem ParseProblem(JsonlRow row)
    {
        var numbers = row.Integers("numbers");
        var target = row.Integer("target");
        return CountdownProblem.IsValid(numbers, target)
            ? new CountdownProblem(numbers, target)
            : throw row.Error(
                $"'numbers' must be {CountdownProblem.MinCount} to {CountdownProblem.MaxCount} whole numbers and 'target' one, "
                + $"all in 1 to {CountdownProblem.MaxValue}");
    }

    private sealed record Row(
        [property: JsonPropertyName("id")] string Id,
        [property: JsonPropertyName("numbers")] IReadOnlyList<int> Numbers,
        [property: JsonPropertyName("target")] int Target,
        [property: JsonPropertyName("difficulty")] int Difficulty,
        [property: JsonPropertyName("solution")] string Solution)
    {
        public static Row Of(CountdownExample e) => new(e.Id, e.Problem.Numbers, e.Problem.Target, e.Difficulty, e.Solution);
    }
}
