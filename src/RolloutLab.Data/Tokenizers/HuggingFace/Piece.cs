namespace RolloutLab.Data.HuggingFace;

/// <summary>A part of a text.</summary>
/// <param name="Text">The whole.</param>
/// <param name="Start">Where the part begins.</param>
/// <param name="Length">Its length in UTF-16 units.</param>
internal readonly record struct Piece(string Text, int Start, int Length)
{
    public ReadOnlySpan<char> Span => Text.AsSpan(Start, Length);

    public static Piece Of(string text) => new(text, 0, text.Length);
}

/// <summary>One step of cutting a text into the words that are encoded each by itself.</summary>
internal interface IPieceStep
{
    /// <summary>Cuts a piece, appending what it becomes; empty pieces are left out.</summary>
    /// <param name="piece">What to cut.</param>
    /// <param name="isStart">Whether it is the beginning of the text.</param>
    /// <param name="into">Where the parts go.</param>
    void Apply(Piece piece, bool isStart, List<Piece> into);
}
