using System.Text;
using RolloutLab.Data.HuggingFace;

namespace RolloutLab.Data;

/// <summary>
/// Tokens to text as they come, for one text: what is returned never ends within a character, and all of it together is what
/// <see cref="HuggingFaceTokenizer.Decode(ReadOnlySpan{int}, bool)"/> makes of the tokens. Not thread-safe.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly TokenDecoder.State _state;
    private readonly Func<int, bool> _isShown;
    private readonly StringBuilder _text = new();

    internal StreamingDecoder(TokenDecoder decoder, Func<int, bool> isShown) => (_state, _isShown) = (decoder.Start(), isShown);

    /// <summary>The text that a token completes; empty while a character is unfinished.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is outside the vocabulary.</exception>
    public string Push(int tokenId)
    {
        if (_isShown(tokenId))
        {
            _state.Push(tokenId, _text);
        }

        return Take();
    }

    /// <summary>What was held back; bytes that never became a character are U+FFFD. Nothing may be pushed after.</summary>
    public string Finish()
    {
        _state.Finish(_text);
        return Take();
    }

    private string Take()
    {
        var text = _text.ToString();
        _text.Clear();
        return text;
    }
}
