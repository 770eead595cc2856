using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RolloutLab.Runs;

/// <summary>A comparison as a JSON document: <c>target</c> and, for each group, every measure as <c>count</c>, <c>mean</c>, <c>low</c> and <c>high</c>.</summary>
public static class RunComparisonJson
{
    /// <summary>The document, indented, without a trailing line feed.</summary>
    /// <param name="comparison">What is compared.</param>
    /// <param name="groups">Name of the list of groups: <c>groups</c>, or <c>variants</c> for a sweep's.</param>
    /// <param name="folder">The folder that holds all runs; null for none.</param>
    public static string Of(RunComparison comparison, string groups, string? folder)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (folder is not null)
            {
                json.WriteString("folder", folder);
            }

            WriteNumber(json, "target", comparison.Target);
            json.WriteStartArray(groups);
            foreach (var group in comparison.Groups)
            {
                Write(json, group);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter json, ComparedGroup group)
    {
        json.WriteStartObject();
        json.WriteString("name", group.Name);
        json.WriteNumber("runs", group.Runs.Count);
        Write(json, "pass_at_1", group.PassAt1);
        if (group.K > 1)
        {
            Write(json, $"pass_at_{group.K}", group.PassAtK);
        }

        Write(json, "length", group.Length);
        Write(json, "distinct_answers", group.DistinctAnswers);
        Write(json, "effective_gradient_ratio", group.EffectiveRatio);
        Write(json, "steps_to_target", group.StepsToTarget);
        Write(json, "rollouts_to_target", group.RolloutsToTarget);
        Write(json, "tokens_to_target", group.TokensToTarget);
        json.WriteStartArray("seeds");
        foreach (var run in group.Runs)
        {
            Write(json, run, group.Target);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, RunMeasures run, double target)
    {
        var (spent, cost) = (run.Spent, run.CostTo(target));
        json.WriteStartObject();
        json.WriteString("run", run.Folder);
        json.WriteNumber("seed", run.Seed);
        json.WriteBoolean("finished", run.IsFinished);
        WriteNumber(json, "pass_at_1", run.PassAt1);
        WriteNumber(json, "steps", spent.Steps);
        WriteNumber(json, "rollouts", spent.Rollouts);
        WriteNumber(json, "tokens", spent.Tokens);
        WriteNumber(json, "rollouts_to_target", cost?.Rollouts ?? double.NaN);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, Estimate estimate)
    {
        json.WriteStartObject(name);
        json.WriteNumber("count", estimate.Count);
        WriteNumber(json, "mean", estimate.Mean);
        WriteNumber(json, "low", estimate.Mean - estimate.HalfWidth);
        WriteNumber(json, "high", estimate.Mean + estimate.HalfWidth);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
