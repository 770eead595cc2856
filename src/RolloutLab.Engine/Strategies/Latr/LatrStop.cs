using RolloutLab.Recipes;

namespace RolloutLab.Engine;

/// <summary>
/// When the tree phase of one group, or of all groups of a round at once, is over: enough places are taken and no row
/// is under lookahead, or it has lasted long enough. All groups decide on the state after the same number of tokens,
/// so a verdict depends on no order.
/// </summary>
internal sealed class LatrStop
{
    private readonly LatrStopping _section;
    private readonly int[] _widths;
    private readonly bool _countsRoots;
    private readonly (int Position, int Taken, int Youngest)[] _told;
    private readonly bool[] _done;
    private int _active;
    private int _missing;
    private int _next;
    private int _maxNewTokens;
    private bool _verdict;

    /// <param name="section">The rule's numbers.</param>
    /// <param name="widths">Places of each group's tree.</param>
    /// <param name="countsRoots">Whether the first row of a tree counts as born at token 0, and so under lookahead at first.</param>
    public LatrStop(LatrStopping section, int[] widths, bool countsRoots)
    {
        (_section, _widths, _countsRoots) = (section, widths, countsRoots);
        _told = new (int, int, int)[widths.Length];
        Array.Fill(_told, (-1, 0, -1));
        _done = [.. widths.Select(width => width == 0)];
        _active = _missing = _done.Count(done => !done);
    }

    /// <summary>Places that must be taken after the token at a position.</summary>
    public static int Threshold(LatrStopping section, long places, int position, int maxNewTokens) =>
        (int)Math.Round(places * (section.Share - (section.Decay * position / maxNewTokens)), MidpointRounding.ToEven);

    /// <summary>A group tells how it stands after the token at a position; told again, it changes nothing.</summary>
    /// <param name="group">The group.</param>
    /// <param name="position">Position of its rows' last token.</param>
    /// <param name="taken">Rows it has.</param>
    /// <param name="youngest">Position at which its youngest fork was born; -1 for none.</param>
    /// <param name="maxNewTokens">Most tokens of its rows.</param>
    public void Tell(int group, int position, int taken, int youngest, int maxNewTokens)
    {
        if (_told[group].Position < position)
        {
            _told[group] = (position, taken, _countsRoots ? Math.Max(0, youngest) : youngest);
            _maxNewTokens = Math.Max(_maxNewTokens, maxNewTokens);
            _missing--;
        }
    }

    /// <summary>A group's rows have all finished or left the phase, which counts as all its places taken.</summary>
    public void Done(int group)
    {
        if (!_done[group])
        {
            _done[group] = true;
            _active--;
            _missing -= _told[group].Position < _next ? 1 : 0;
        }
    }

    /// <summary>
    /// Whether the phase ends after the token at a position that the asking group has told of; null until every group has.
    /// </summary>
    public bool? Verdict(int position, int maxLookahead)
    {
        if (position < _next)
        {
            return _verdict;
        }

        if (_missing > 0)
        {
            return null;
        }

        long taken = 0, places = 0;
        var settled = true;
        for (var i = 0; i < _widths.Length; i++)
        {
            places += _widths[i];
            taken += _done[i] ? _widths[i] : _told[i].Taken;
            settled &= _done[i] || _told[i].Youngest < 0 || _told[i].Youngest + maxLookahead < position;
        }

        (_next, _missing) = (position + 1, _active);
        _verdict = (_section.MaxTokens > 0 && position + 1 >= _section.MaxTokens)
            || (settled && taken >= Threshold(_section, places, position, _maxNewTokens));
        return _verdict;
    }
}
