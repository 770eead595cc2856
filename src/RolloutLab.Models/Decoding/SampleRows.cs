using RolloutLab.Engine;

namespace RolloutLab.Models;

/// <summary>
/// The distinct tokens of a step whose next token is drawn. Forks of one prompt draw from the same token, so there may
/// be fewer rows of logits than draws. The arrays live on between steps.
/// </summary>
internal sealed class SampleRows
{
    private int[] _distinct = [];
    private int[] _logitRows = [];

    // Row of logits of each token; holds only for tokens whose stamp is the current step's.
    private int[] _rowOfToken = [];
    private long[] _stamps = [];
    private long _stamp;
    private int _distinctCount;
    private int _sampleCount;

    /// <summary>Tokens with logits in the order of their rows, <c>[M]</c>. Token 0 when nothing is drawn, as M cannot be 0.</summary>
    public ReadOnlySpan<int> Distinct => _distinct.AsSpan(0, _distinctCount);

    /// <summary>Row of logits of each draw, <c>[R]</c>.</summary>
    public ReadOnlySpan<int> LogitRows => _logitRows.AsSpan(0, _sampleCount);

    /// <summary>Whether <see cref="Distinct"/> is simply every token in order, as in a step of pure decoding.</summary>
    public bool AreAllTokens { get; private set; }

    /// <summary>Reads a step's sample rows.</summary>
    /// <exception cref="ArgumentException">A sample row is not a token of the step.</exception>
    public void Collect(ModelStep step)
    {
        Grow(ref _stamps, step.TokenCount);
        Grow(ref _rowOfToken, step.TokenCount);
        Grow(ref _distinct, step.TokenCount);
        Grow(ref _logitRows, step.SampleCount);
        (_distinctCount, _sampleCount) = (0, step.SampleCount);
        _stamp++;
        var inOrder = true;
        for (var i = 0; i < step.SampleCount; i++)
        {
            var token = step.SampleRows[i];
            if ((uint)token >= (uint)step.TokenCount)
            {
                throw new ArgumentException($"sample row {token} is not one of the step's {step.TokenCount} tokens", nameof(step));
            }

            if (_stamps[token] != _stamp)
            {
                inOrder &= token == _distinctCount;
                _stamps[token] = _stamp;
                _rowOfToken[token] = _distinctCount;
                _distinct[_distinctCount++] = token;
            }

            _logitRows[i] = _rowOfToken[token];
        }

        AreAllTokens = inOrder && _distinctCount == step.TokenCount;
        if (_distinctCount == 0)
        {
            _distinct[_distinctCount++] = 0;
        }
    }

    private static void Grow<T>(ref T[] array, int length)
    {
        if (array.Length < length)
        {
            Array.Resize(ref array, Math.Max(length, 2 * array.Length));
        }
    }
}
