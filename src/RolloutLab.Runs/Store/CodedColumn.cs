namespace RolloutLab.Runs;

/// <summary>What the texts of a column mean, where it has few different ones: each is understood once.</summary>
/// <param name="understand">Makes the value of a text.</param>
/// <typeparam name="T">Kind of value.</typeparam>
internal sealed class CodedColumn<T>(Func<string, T> understand)
{
    /// <summary>Different texts that are kept; a damaged file may have any number.</summary>
    private const int Most = 32;

    private readonly List<(byte[] Utf8, T Value)> _known = [];

    /// <summary>The value of a row.</summary>
    public T Of(DuckDbChunk chunk, int column, int row)
    {
        var utf8 = chunk.Utf8(column, row);
        foreach (var (known, value) in _known)
        {
            if (utf8.SequenceEqual(known))
            {
                return value;
            }
        }

        var understood = understand(chunk.Text(column, row));
        if (_known.Count < Most)
        {
            _known.Add((utf8.ToArray(), understood));
        }

        return understood;
    }
}
