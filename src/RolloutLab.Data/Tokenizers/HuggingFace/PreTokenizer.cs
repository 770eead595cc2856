using RolloutLab.Core;

namespace RolloutLab.Data.HuggingFace;

/// <summary>Cuts a text into the words that are encoded each by itself: the <c>pre_tokenizer</c> section.</summary>
internal sealed class PreTokenizer
{
    private readonly List<IPieceStep> _steps = [];

    /// <summary>Reads the section; null cuts nothing.</summary>
    /// <exception cref="DataException">A step is damaged or not supported.</exception>
    public PreTokenizer(JsonSection? section)
    {
        foreach (var step in section?.Sequence("pretokenizers") ?? [])
        {
            if (MapsBytes)
            {
                throw step.Error("comes after ByteLevel, which must be the last");
            }

            Add(step);
        }
    }

    /// <summary>Whether words are spelled in <see cref="ByteAlphabet"/>.</summary>
    public bool MapsBytes { get; private set; }

    /// <summary>Appends the words of a text.</summary>
    /// <param name="text">The text, normalized.</param>
    /// <param name="isStart">Whether it begins what is encoded.</param>
    /// <param name="into">Where the words go.</param>
    /// <param name="scratch">Reused from text to text.</param>
    public void Cut(string text, bool isStart, List<Piece> into, List<Piece> scratch)
    {
        if (_steps.Count == 0)
        {
            into.Add(Piece.Of(text));
            return;
        }

        if (_steps.Count == 1)
        {
            _steps[0].Apply(Piece.Of(text), isStart, into);
            return;
        }

        scratch.Clear();
        scratch.Add(Piece.Of(text));
        foreach (var step in _steps)
        {
            var next = new List<Piece>();
            for (var i = 0; i < scratch.Count; i++)
            {
                step.Apply(scratch[i], isStart && i == 0, next);
            }

            scratch = next;
        }

        into.AddRange(scratch);
    }

    private void Add(JsonSection step)
    {
        switch (step.Text("type"))
        {
            case "Split":
                _steps.Add(ReadSplit(step));
                break;
            case "Digits":
                _steps.Add(new SplitStep(new NumberFinder(), step.Flag("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous, invert: false));
                break;
            case "ByteLevel":
                MapsBytes = true;
                if (step.Flag("add_prefix_space", true))
                {
                    _steps.Add(new PrefixSpaceStep());
                }

                if (step.Flag("use_regex", true))
                {
                    _steps.Add(WordPattern.Gpt2);
                }

                break;
            case "Metaspace":
                _steps.Add(MetaspaceStep.Read(step));
                break;
            case var type:
                throw step.Error($"is of type '{BpeVocabulary.Shown(type)}'; supported are Split, Digits, ByteLevel, Metaspace and Sequence");
        }
    }

    private static IPieceStep ReadSplit(JsonSection step)
    {
        var (pattern, name, invert) = (step.Required("pattern"), step.Text("behavior"), step.Flag("invert", false));
        if (!Enum.TryParse<SplitBehavior>(name, out var behavior) || !Enum.IsDefined(behavior) || char.IsAsciiDigit(name[0]))
        {
            throw step.Error($"has the behavior '{BpeVocabulary.Shown(name)}'; supported are {string.Join(", ", Enum.GetNames<SplitBehavior>())}");
        }

        var known = behavior == SplitBehavior.Isolated && pattern.Value.ValueKind == System.Text.Json.JsonValueKind.Object && pattern.Optional("Regex") is { } regex
            ? WordPattern.For(regex.Text())
            : null;
        return known is not null ? known : new SplitStep(PatternFinder.Read(pattern), behavior, invert);
    }
}

/// <summary>Puts a blank before a piece that does not begin with one.</summary>
internal sealed class PrefixSpaceStep : IPieceStep
{
    /// <inheritdoc/>
    public void Apply(Piece piece, bool isStart, List<Piece> into) => into.Add(piece.Span.StartsWith(" ") ? piece : Piece.Of(string.Concat(" ", piece.Span)));
}
