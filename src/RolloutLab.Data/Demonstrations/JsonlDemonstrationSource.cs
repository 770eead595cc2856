using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// Demonstrations from JSON lines or Parquet, visited in seeded shuffled epochs. Those that do not fit the limit are dropped and
/// counted; nothing is truncated.
/// </summary>
public sealed class JsonlDemonstrationSource : IDemonstrationSource
{
    private readonly List<Demonstration> _demonstrations = [];
    private readonly EpochOrder _order;

    /// <summary>Loads the file.</summary>
    /// <param name="path">A file, JSON lines or <c>.parquet</c>, or a pattern of files (see <see cref="FilePattern"/>).</param>
    /// <param name="format">What the rows say.</param>
    /// <param name="tokenizer">Makes the token ids.</param>
    /// <param name="maxTokens">Longest prompt, response and end token together.</param>
    /// <param name="random">The same seed gives the same order.</param>
    /// <param name="parquet">Reads Parquet; null where only JSON lines are read.</param>
    /// <param name="progress">Told how much was read now and then; may be null.</param>
    /// <param name="stop">Ends the reading with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="DataException">
    /// The file or a line is unusable, a prompt or response is empty or has a character the tokenizer lacks, or nothing fits.
    /// </exception>
    public JsonlDemonstrationSource(
        string path,
        DemonstrationFormat format,
        ITokenizer tokenizer,
        int maxTokens,
        RandomStreams random,
        IParquetReader? parquet = null,
        IProgress<ReadProgress>? progress = null,
        CancellationToken stop = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, 1);
        using var files = new RowFiles(FilePattern.Expand(path), [.. format.PromptText.Columns(format.PromptField).Append(RowFields.ColumnOf(format.ResponseField)).Distinct()], parquet);
        foreach (var (row, _) in files.Read(progress, stop))
        {
            Add(Encode(row, format, tokenizer), maxTokens);
        }

        Summary = $"{path}: {Count} demonstrations, {Dropped} dropped for more than {maxTokens} tokens (longest {LongestTokens})";
        if (Count == 0)
        {
            throw new DataException(Dropped == 0 ? $"{path}: has no demonstrations" : $"{Summary}; raise the limit");
        }

        _order = new EpochOrder(Count, random, StreamPurpose.Demonstrations);
    }

    /// <summary>Demonstrations in an epoch.</summary>
    public int Count => _demonstrations.Count;

    /// <summary>Demonstrations left out because they are too long.</summary>
    public int Dropped { get; private set; }

    /// <summary>Length of the longest demonstration in the file, dropped ones included, in tokens.</summary>
    public int LongestTokens { get; private set; }

    /// <summary>One line on what was loaded and what was dropped.</summary>
    public string Summary { get; }

    /// <inheritdoc/>
    public Demonstration At(long index) => _demonstrations[_order.At(index)];

    private void Add(Demonstration demonstration, int maxTokens)
    {
        var length = demonstration.PromptIds.Length + demonstration.ResponseIds.Length;
        LongestTokens = Math.Max(LongestTokens, length);
        if (length > maxTokens)
        {
            Dropped++;
        }
        else
        {
            _demonstrations.Add(demonstration);
        }
    }

    private static Demonstration Encode(JsonlRow row, DemonstrationFormat format, ITokenizer tokenizer)
    {
        var prompt = row.Encode(tokenizer, format.PromptText.Of(row, format.PromptField), "prompt", standsAlone: !format.PromptText.RendersChats);
        var (inner, field) = RowFields.Find(row, format.ResponseField);
        var response = row.Encode(tokenizer, format.ResponseTemplate.Apply(inner.Text(field)), "response");
        return new Demonstration(prompt, [.. response, tokenizer.EndOfTextId]);
    }
}
