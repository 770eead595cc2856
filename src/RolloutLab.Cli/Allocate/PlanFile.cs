using System.Globalization;
using System.Text;
using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>Writes a plan as JSONL, CSV or Parquet, by the file's name.</summary>
internal static class PlanFile
{
    /// <summary>Writes the file, whole or not at all.</summary>
    /// <param name="path">Ends in <c>.jsonl</c>, <c>.csv</c> or <c>.parquet</c>.</param>
    /// <param name="result">The plan.</param>
    /// <exception cref="DataException">The name has another ending, or the file cannot be written.</exception>
    public static void Write(string path, AllocateResult result)
    {
        try
        {
            switch (Path.GetExtension(path).ToLowerInvariant())
            {
                case ".jsonl":
                    AtomicFile.Write(path, stream => WriteJsonl(stream, result));
                    break;
                case ".csv":
                    AtomicFile.Write(path, stream => WriteCsv(stream, result));
                    break;
                default:
                    WriteParquet(path, result);
                    break;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be written ({error.Message}); free some space or choose another folder", error);
        }
    }

    /// <summary>Refuses a name that no format goes with, before any work is done.</summary>
    public static void Check(string? path)
    {
        if (path is not null && Path.GetExtension(path).ToLowerInvariant() is not (".jsonl" or ".csv" or ".parquet"))
        {
            throw new DataException($"--out {path}: the name must end in .jsonl, .csv or .parquet");
        }
    }

    private static void WriteJsonl(Stream stream, AllocateResult result)
    {
        using var writer = new Utf8JsonWriter(stream);
        foreach (var (id, rollouts, rate, gradient, cost) in result.Rows())
        {
            writer.WriteStartObject();
            writer.WriteString("id", id);
            writer.WriteNumber("rollouts", rollouts);
            if (rate is { } known)
            {
                writer.WriteNumber("success_rate", known);
            }

            writer.WriteNumber("gradient_probability", gradient);
            writer.WriteNumber("cost", cost);
            writer.WriteEndObject();
            writer.Flush();
            stream.WriteByte((byte)'\n');
            writer.Reset();
        }
    }

    private static void WriteCsv(Stream stream, AllocateResult result)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
        writer.Write("id,rollouts,success_rate,gradient_probability,cost\n");
        foreach (var (id, rollouts, rate, gradient, cost) in result.Rows())
        {
            var name = id.AsSpan().ContainsAny(",\"\r\n") ? $"\"{id.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : id;
            writer.Write(string.Create(CultureInfo.InvariantCulture, $"{name},{rollouts},{rate:R},{gradient:R},{cost:R}\n"));
        }
    }

    private static void WriteParquet(string path, AllocateResult result)
    {
        var (rows, partial) = (path + ".rows.jsonl", path + ".partial");
        try
        {
            AtomicFile.Write(rows, stream => WriteJsonl(stream, result));
            using var database = new DuckDbConnection();
            const string columns = "{id: 'VARCHAR', rollouts: 'INTEGER', success_rate: 'DOUBLE', gradient_probability: 'DOUBLE', cost: 'DOUBLE'}";
            database.Execute(
                $"COPY (SELECT * FROM read_json({DuckDbConnection.Literal(rows)}, format = 'newline_delimited', columns = {columns})) "
                + $"TO {DuckDbConnection.Literal(partial)} (FORMAT parquet, COMPRESSION zstd)");
            File.Move(partial, path, overwrite: true);
        }
        finally
        {
            File.Delete(rows);
            File.Delete(partial);
        }
    }
}
