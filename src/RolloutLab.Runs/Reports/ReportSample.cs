namespace RolloutLab.Runs;

/// <summary>Which prompts and which of their groups a report shows: a bounded number, spread evenly over training.</summary>
public static class ReportSample
{
    /// <summary>Prompts shown at most.</summary>
    public const int MostPrompts = 200;

    /// <summary>Groups of a prompt shown at most.</summary>
    public const int MostGroups = 4;

    /// <summary>
    /// Chooses. Prompts whose trees were kept come first, up to half of the places; of a prompt's groups, those with a tree,
    /// then its first and last.
    /// </summary>
    /// <param name="survey">What there is.</param>
    /// <param name="trees">Steps whose trees were kept, by prompt.</param>
    /// <returns>The prompts in the order of training, with the steps of their groups, ascending.</returns>
    public static IReadOnlyList<(string Prompt, IReadOnlyList<long> Steps)> Choose(PromptSurvey survey, ILookup<string, long> trees)
    {
        ArgumentNullException.ThrowIfNull(survey);
        ArgumentNullException.ThrowIfNull(trees);
        var withTree = survey.Prompts.Where(trees.Contains).ToList();
        var shown = Spread(withTree, Math.Max(MostPrompts / 2, MostPrompts - (survey.Prompts.Count - withTree.Count))).ToHashSet(StringComparer.Ordinal);
        shown.UnionWith(Spread([.. survey.Prompts.Where(p => !trees.Contains(p))], MostPrompts - shown.Count));
        return [.. survey.Prompts.Where(shown.Contains).Select(p => (p, Steps(survey[p].Steps, trees[p])))];
    }

    private static IReadOnlyList<long> Steps(IReadOnlyList<long> all, IEnumerable<long> trees)
    {
        var kept = trees.ToHashSet();
        var first = Spread([.. all.Where(kept.Contains)], MostGroups - 1);
        return [.. first.Append(all[0]).Append(all[^1]).Concat(Spread(all, MostGroups)).Distinct().Take(MostGroups).Order()];
    }

    private static IEnumerable<T> Spread<T>(IReadOnlyList<T> items, int most)
    {
        var count = Math.Clamp(most, 0, items.Count);
        return Enumerable.Range(0, count).Select(i => items[count == 1 ? 0 : (int)((long)i * (items.Count - 1) / (count - 1))]);
    }
}
