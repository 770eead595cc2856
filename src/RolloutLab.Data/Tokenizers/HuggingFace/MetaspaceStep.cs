namespace RolloutLab.Data.HuggingFace;

/// <summary>Blanks become a visible mark, as in SentencePiece, and words begin with it.</summary>
/// <param name="mark">The mark, mostly U+2581.</param>
/// <param name="scheme">Which pieces get a mark at their beginning.</param>
/// <param name="split">Whether a piece is cut before every mark.</param>
internal sealed class MetaspaceStep(char mark, MetaspaceStep.PrependScheme scheme, bool split) : IPieceStep
{
    private readonly SplitStep _cut = new(new TextFinder(mark.ToString()), SplitBehavior.MergedWithNext, invert: false);

    /// <summary>Which pieces get a mark at their beginning.</summary>
    internal enum PrependScheme
    {
        Always,
        First,
        Never,
    }

    public static MetaspaceStep Read(JsonSection section) => new(ReadMark(section), ReadScheme(section), section.Flag("split", true));

    /// <summary>The one character that stands for a blank.</summary>
    public static char ReadMark(JsonSection section)
    {
        var text = section.Optional("replacement")?.Text() ?? "\u2581";
        return text.Length == 1 ? text[0] : throw section.Error("needs a 'replacement' of one character");
    }

    /// <summary>The scheme; older files have <c>add_prefix_space</c> instead.</summary>
    public static PrependScheme ReadScheme(JsonSection section) => section.Optional("prepend_scheme")?.Text() switch
    {
        null => section.Flag("add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never,
        "always" => PrependScheme.Always,
        "first" => PrependScheme.First,
        "never" => PrependScheme.Never,
        var other => throw section.Error($"has the prepend_scheme '{BpeVocabulary.Shown(other)}'; supported are always, first and never"),
    };

    /// <inheritdoc/>
    public void Apply(Piece piece, bool isStart, List<Piece> into)
    {
        var text = piece.Span.ToString().Replace(' ', mark);
        if ((scheme == PrependScheme.Always || (scheme == PrependScheme.First && isStart)) && text.Length > 0 && text[0] != mark)
        {
            text = mark + text;
        }

        if (split)
        {
            _cut.Apply(Piece.Of(text), isStart, into);
        }
        else
        {
            into.Add(Piece.Of(text));
        }
    }
}
