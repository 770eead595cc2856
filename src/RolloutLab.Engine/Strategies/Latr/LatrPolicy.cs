using RolloutLab.Recipes;

namespace RolloutLab.Engine;

/// <summary>
/// Lookahead tree rollouts (LATR, arXiv 2510.24302): rows fork where the second token is about as probable as the
/// first, forks that stay similar to their parent are pruned, and when enough rows differ they are sampled to their end.
/// Prompts' trees end by themselves, and empty places are filled with fresh samples, unless the recipe asks for what
/// the authors' code does.
/// </summary>
public sealed class LatrPolicy : IBranchPolicy
{
    private readonly LatrStrategySection _section;
    private readonly IReadOnlySet<int> _mathTokens;

    /// <summary>Creates the policy.</summary>
    /// <param name="section">Its numbers.</param>
    /// <param name="mathTokens">
    /// Tokens of digits, operators and blanks: where a parent has one at a fork, <see cref="LatrPruning.ExemptMath"/> lets the fork stay.
    /// </param>
    public LatrPolicy(LatrStrategySection section, IReadOnlySet<int> mathTokens)
    {
        ArgumentNullException.ThrowIfNull(section);
        ArgumentNullException.ThrowIfNull(mathTokens);
        (_section, _mathTokens) = (section, mathTokens);
    }

    /// <inheritdoc/>
    public int TopTokens => _section.Candidates;

    /// <inheritdoc/>
    public IReadOnlyList<ITreeGrower> Begin(long step, IReadOnlyList<int> leaves)
    {
        ArgumentNullException.ThrowIfNull(leaves);
        var widths = leaves.Select(n => WidthOf(n, step)).ToArray();
        if (_section.Stopping.Scope == LatrStopScope.Group)
        {
            return [.. widths.Select(k => new LatrGrower(_section, k, new LatrStop(_section.Stopping, [k], countsRoots: false), 0, _mathTokens))];
        }

        var stop = new LatrStop(_section.Stopping, widths, countsRoots: true);
        return [.. widths.Select((k, i) => new LatrGrower(_section, k, stop, i, _mathTokens))];
    }

    /// <summary>Rows of the tree of a group: its share of the group's size, rounded half to even, at most the width.</summary>
    /// <param name="leaves">Rollouts of the group.</param>
    /// <param name="step">Training step, from 1.</param>
    /// <returns>In [0, leaves]; 0 for a group of plain samples.</returns>
    public int WidthOf(int leaves, long step)
    {
        var rows = (int)Math.Round(leaves * _section.Share.At(step), MidpointRounding.ToEven);
        return _section.Width == 0 ? rows : Math.Min(rows, _section.Width);
    }
}
