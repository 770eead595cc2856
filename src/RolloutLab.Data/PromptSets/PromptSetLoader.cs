using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// Loads prompt sets from JSON lines and Parquet: every row is read, tokenized and checked before any is used, so files load
/// whole or not at all.
/// </summary>
public sealed class PromptSetLoader
{
    private readonly ITokenizer _tokenizer;
    private readonly PromptSetOptions _options;
    private readonly IParquetReader? _parquet;

    /// <summary>Creates a loader.</summary>
    /// <param name="tokenizer">Makes token ids of the prompts.</param>
    /// <param name="options">Limits.</param>
    /// <param name="parquet">Reads Parquet; null where only JSON lines are read.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is below 1.</exception>
    public PromptSetLoader(ITokenizer tokenizer, PromptSetOptions options, IParquetReader? parquet = null)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxPromptTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Limit ?? 1, 1);
        (_tokenizer, _options, _parquet) = (tokenizer, options, parquet);
    }

    /// <summary>Loads files. Prompts that are too many to keep in memory are read again when they are asked for.</summary>
    /// <param name="name">Name of the set.</param>
    /// <param name="path">A file, JSON lines or <c>.parquet</c>, or a pattern of files (see <see cref="FilePattern"/>).</param>
    /// <param name="format">What their rows say.</param>
    /// <param name="progress">Told how much was read now and then; may be null.</param>
    /// <param name="stop">Ends the reading with <see cref="OperationCanceledException"/>.</param>
    /// <returns>The set; the caller disposes it.</returns>
    /// <exception cref="DataException">
    /// A file or a row is unusable, an id occurs twice, a prompt has a character the tokenizer lacks, a row is to be left out that
    /// may not be, or there is no prompt at all.
    /// </exception>
    public PromptSet Load(string name, string path, IPromptFormat format, IProgress<ReadProgress>? progress = null, CancellationToken stop = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(format);
        var files = new RowFiles(FilePattern.Expand(path), format.Columns, _parquet);
        var building = new PromptSetBuilder(path, files, format, _tokenizer, _options);
        try
        {
            foreach (var (row, place) in files.Read(progress, stop))
            {
                if (building.Count == _options.Limit)
                {
                    break;
                }

                building.Add(row, place);
            }

            return building.Finish(name);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }
}
