namespace RolloutLab.Core;

/// <summary>Reads Parquet files row by row, in bounded memory.</summary>
public interface IParquetReader
{
    /// <summary>What a file holds, from its footer.</summary>
    /// <exception cref="DataException">The file is missing, damaged or no Parquet.</exception>
    /// <exception cref="SetupException">What reads Parquet is not installed.</exception>
    ParquetLayout Describe(string path);

    /// <summary>The rows in the file's order, each as one JSON object on one line.</summary>
    /// <param name="path">The file.</param>
    /// <param name="columns">The columns wanted, each one of the file's; none is read but those.</param>
    /// <exception cref="DataException">The file is missing, damaged or no Parquet.</exception>
    /// <exception cref="SetupException">What reads Parquet is not installed.</exception>
    IEnumerable<string> Rows(string path, IReadOnlyList<string> columns);
}

/// <summary>What a Parquet file holds.</summary>
/// <param name="Columns">Names of its columns, in order.</param>
/// <param name="Rows">Number of rows.</param>
public sealed record ParquetLayout(IReadOnlyList<string> Columns, long Rows);
