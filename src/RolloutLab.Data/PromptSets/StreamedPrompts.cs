using System.Collections;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// Prompts that are read and tokenized when they are asked for; in memory is where each is, 12 bytes. Safe to read from
/// several threads.
/// </summary>
/// <param name="files">The rows; owned.</param>
/// <param name="read">Makes the prompt of a row and an index.</param>
internal sealed class StreamedPrompts(RowFiles files, Func<JsonlRow, int, Prompt> read) : IReadOnlyList<Prompt>, IDisposable
{
    private readonly List<long> _offsets = [];
    private readonly List<int> _lines = [];

    // Index of the first prompt of each file.
    private readonly List<int> _starts = [];

    /// <inheritdoc/>
    public int Count => _offsets.Count;

    /// <inheritdoc/>
    public Prompt this[int index] => files.ReadAgain(PlaceOf(index), row => read(row, index));

    /// <summary>Adds the next prompt; files are in order.</summary>
    public void Add(RowPlace place)
    {
        while (_starts.Count <= place.File)
        {
            _starts.Add(Count);
        }

        _offsets.Add(place.Offset);
        _lines.Add(place.Line);
    }

    /// <summary>Where a prompt is.</summary>
    public RowPlace PlaceOf(int index)
    {
        // The last file that begins at or before the index: files without prompts begin where the next one does.
        var (low, high) = (0, _starts.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = _starts[middle] <= index ? (middle, high) : (low, middle - 1);
        }

        return new RowPlace(low, _offsets[index], _lines[index]);
    }

    /// <summary>Gives back what growing took in advance.</summary>
    public void Trim()
    {
        _offsets.TrimExcess();
        _lines.TrimExcess();
    }

    /// <inheritdoc/>
    public IEnumerator<Prompt> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public void Dispose() => files.Dispose();
}
