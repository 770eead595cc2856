using System.Runtime.InteropServices;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// Text of tokens as they come, for any tokenizer: what is given out never ends within a character, and together it is what
/// <see cref="ITokenizer.Decode"/> makes of all tokens. Each step decodes the last few tokens only. Not thread-safe.
/// </summary>
/// <param name="tokenizer">The tokenizer; ids it does not know stand for no text.</param>
public sealed class IncrementalDecoder(ITokenizer tokenizer)
{
    /// <summary>Most bytes of a character, and so most tokens of one.</summary>
    private const int MostBytes = 4;

    private const int MostSilent = 16;

    private const char Damaged = '\uFFFD';

    private readonly List<int> _tokens = [];

    // Tokens before it are given out and no longer looked at; those up to _read are given out and are the context of the rest.
    private int _start;
    private int _read;

    /// <summary>Takes a token; gives the text that it completes, which may be none.</summary>
    public string Add(int token)
    {
        if ((uint)token >= (uint)tokenizer.VocabularySize)
        {
            return "";
        }

        _tokens.Add(token);
        var text = After(_tokens.Count);
        if (text.Length == 0)
        {
            // Tokens without text, such as special ones, are not to be decoded again and again.
            return _tokens.Count - _read <= MostSilent ? "" : Give("", _read, _tokens.Count);
        }

        if (text[^1] != Damaged)
        {
            return Give(text, _read, _tokens.Count);
        }

        // What is still open after that many tokens is damaged, but for the last ones, which may begin a character.
        var settled = _tokens.Count - MostBytes;
        return settled - _read <= MostBytes ? "" : Give(After(settled), settled, settled);
    }

    /// <summary>Gives what was held back.</summary>
    public string Finish() => Give(After(_tokens.Count), _tokens.Count, _tokens.Count);

    /// <summary>The text up to a token that was not given out.</summary>
    private string After(int end)
    {
        var given = Decode(_start, _read);
        var all = Decode(_start, end);
        return all.Length <= given.Length ? "" : all[given.Length..];
    }

    private string Give(string text, int start, int read)
    {
        (_start, _read) = (start, read);
        return text;
    }

    private string Decode(int start, int end) => tokenizer.Decode(CollectionsMarshal.AsSpan(_tokens)[start..end]);
}
