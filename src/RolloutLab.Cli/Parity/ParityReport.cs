using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RolloutLab.Cli;

/// <summary>Shows a parity result: a table for people, a document for machines.</summary>
internal static class ParityReport
{
    /// <summary>
    /// <c>advantages</c> (one a rollout; a list where tokens have their own), <c>loss</c>, <c>gradient</c> (a list a rollout)
    /// and <c>metrics</c>; every number with all its digits.
    /// </summary>
    public static void WriteJson(ParityResult result, TextWriter writer)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartArray("advantages");
            for (var i = 0; i < result.Advantages.Length; i++)
            {
                if (result.TokenAdvantages is { } tokens)
                {
                    WriteNumbers(json, tokens[i]);
                }
                else
                {
                    json.WriteNumberValue(result.Advantages[i]);
                }
            }

            json.WriteEndArray();
            json.WriteNumber("loss", result.Loss);
            json.WriteStartArray("gradient");
            foreach (var gradient in result.Gradient)
            {
                WriteNumbers(json, gradient);
            }

            json.WriteEndArray();
            json.WriteStartObject("metrics");
            foreach (var (name, value) in result.Metrics.Where(m => double.IsFinite(m.Value)))
            {
                json.WriteNumber(name, value);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        writer.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    /// <summary>A line a rollout, the loss, and the metrics.</summary>
    public static void WriteText(ParityResult result, TextWriter writer)
    {
        var rows = result.Rollouts.Select((r, i) => new[]
        {
            r.Name, r.Group, r.Length.ToString(CultureInfo.InvariantCulture), double.IsNaN(r.Reward) ? "-" : Number(r.Reward), Number(result.Advantages[i]),
            Number(Math.Sqrt(result.Gradient[i].Sum(g => g * g))),
        }).ToList();
        WriteTable(["rollout", "group", "tokens", "reward", "advantage", "|gradient|"], rows, writer);
        writer.WriteLine();
        writer.WriteLine($"loss  {Number(result.Loss)}");
        writer.WriteLine();
        var width = result.Metrics.Select(m => m.Key.Length).DefaultIfEmpty(0).Max();
        foreach (var (name, value) in result.Metrics)
        {
            writer.WriteLine($"{name.PadRight(width)}  {Number(value),12}");
        }
    }

    private static void WriteTable(string[] header, List<string[]> rows, TextWriter writer)
    {
        var widths = header.Select((h, c) => rows.Select(r => r[c].Length).Append(h.Length).Max()).ToArray();
        foreach (var row in rows.Prepend(header))
        {
            writer.WriteLine(string.Join("  ", row.Select((cell, c) => c < 2 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))));
        }
    }

    private static void WriteNumbers(Utf8JsonWriter json, double[] numbers)
    {
        json.WriteStartArray();
        foreach (var number in numbers)
        {
            json.WriteNumberValue(number);
        }

        json.WriteEndArray();
    }

    private static string Number(double value) => value.ToString("0.000000", CultureInfo.InvariantCulture);
}
