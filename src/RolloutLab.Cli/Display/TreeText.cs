using System.Globalization;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>A kept rollout tree as lines of text: a table whose first column is drawn as a tree.</summary>
internal static class TreeText
{
    private const int LeastText = 16;

    /// <summary>The lines.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="width">Columns of the screen; the text of a row is cut to fit, at <c>…</c>.</param>
    public static IEnumerable<string> Lines(KeptTree tree, int width)
    {
        yield return $"step {tree.Step}  prompt {tree.PromptId}  {OneLine(tree.Prompt)}";
        yield return Summary(tree);
        yield return "";
        List<string[]> table = [["row", "fork", "p", "end", "outcome", "text"], .. Rows(tree)];
        var widths = Enumerable.Range(0, 5).Select(column => table.Max(cells => cells[column].Length)).ToArray();
        var room = Math.Max(LeastText, width - widths.Sum() - (2 * widths.Length));
        foreach (var cells in table)
        {
            yield return string.Join("  ",
                cells[0].PadRight(widths[0]),
                cells[1].PadLeft(widths[1]),
                cells[2].PadLeft(widths[2]),
                cells[3].PadLeft(widths[3]),
                cells[4].PadRight(widths[4]),
                cells[5].Length <= room ? cells[5] : cells[5][..(room - 1)] + "…").TrimEnd();
        }
    }

    private static string Summary(KeptTree tree)
    {
        var branches = tree.Branches;
        var leaves = branches.Where(b => b.RemovedFor is null).ToList();
        var parts = new List<string>
        {
            Count(leaves.Count, "leaf", "leaves"),
            Count(leaves.Count(b => b.Status == "correct"), "correct", "correct"),
            Count(branches.Count(b => b.Kind is "forced" or "sampled"), "fork", "forks"),
            $"{branches.Count(b => b.RemovedFor is not null)} pruned",
            $"{tree.Suppressed} suppressed",
            $"{branches.Count(b => b.Kind == "fill")} filled",
        };
        if (tree.SaturatedAt >= 0)
        {
            parts.Add($"full at token {tree.SaturatedAt}");
        }

        return string.Join(", ", parts);
    }

    /// <summary>The rows below each other as a tree: forks under their parent, the earliest first.</summary>
    private static List<string[]> Rows(KeptTree tree)
    {
        var children = Enumerable.Range(0, tree.Branches.Count).ToLookup(row => tree.Branches[row].Parent);
        var rows = new List<string[]>(tree.Branches.Count);
        var open = new Stack<(int Row, string Lead, string Next)>(children[-1].Reverse().Select(row => (row, "", "")));
        while (open.TryPop(out var at))
        {
            rows.Add(Cells(tree.Branches[at.Row], at.Lead + at.Row.ToString(CultureInfo.InvariantCulture)));
            var forks = children[at.Row].OrderBy(row => tree.Branches[row].ForkPosition).ToList();
            for (var i = forks.Count - 1; i >= 0; i--)
            {
                var isLast = i == forks.Count - 1;
                open.Push((forks[i], at.Next + (isLast ? "└ " : "├ "), at.Next + (isLast ? "  " : "│ ")));
            }
        }

        return rows;
    }

    private static string[] Cells(KeptBranch branch, string row) =>
    [
        row,
        branch.Parent < 0 ? "" : branch.ForkPosition.ToString(CultureInfo.InvariantCulture),
        branch.ForkProbability is { } p ? p.ToString("0.00", CultureInfo.InvariantCulture) : "",
        branch.Length.ToString(CultureInfo.InvariantCulture),
        Outcome(branch) + (branch.Kind == "fill" ? " (fill)" : ""),
        OneLine(branch.Text),
    ];

    private static string Outcome(KeptBranch branch) => branch switch
    {
        { RemovedFor: { } reason } => $"pruned: {reason}",
        { Reward: { } reward } => string.Create(CultureInfo.InvariantCulture, $"{branch.Status} {reward:0.##}"),
        _ => branch.Status ?? "",
    };

    private static string Count(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";

    private static string OneLine(string text) =>
        text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal)
            .Replace("\r", @"\r", StringComparison.Ordinal).Replace("\t", @"\t", StringComparison.Ordinal);
}
