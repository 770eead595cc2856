using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Engine;

/// <summary>
/// EPTree of TreeRL (arXiv 2506.11902): a few samples, then rounds in which each tree is drawn anew from before its most
/// surprising tokens. Surprise is the negative log-probability of the token drawn. A fork's own first token is not
/// forked on again. Of more leaves than the group has places random ones go; missing ones are sampled from the prompt.
/// </summary>
public sealed class EntropyTreePolicy : IBranchPolicy
{
    private readonly EntropyTreeStrategySection _section;

    /// <summary>Creates the policy.</summary>
    public EntropyTreePolicy(EntropyTreeStrategySection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        _section = section;
    }

    /// <inheritdoc/>
    public int TopTokens => 0;

    /// <inheritdoc/>
    public IReadOnlyList<ITreeGrower> Begin(long step, IReadOnlyList<int> leaves) => [.. leaves.Select(_ => new Grower(_section))];

    private sealed class Grower(EntropyTreeStrategySection section) : ITreeGrower
    {
        /// <summary>Reason of a leaf that the draw among too many left out.</summary>
        private const string NotSelected = "not_selected";

        private readonly List<int> _roots = [];
        private int _round;

        public void Start(GrowingTree tree)
        {
            for (var i = 0; i < Math.Min(section.Samples, tree.Leaves); i++)
            {
                _roots.Add(tree.Plant(GrowingTree.Never));
            }
        }

        public bool Decide(GrowingTree tree) => throw new InvalidOperationException("Nothing is ever held.");

        public void Rest(GrowingTree tree)
        {
            if (tree.GrowingCount > 0)
            {
                return;
            }

            if (_round++ < section.Rounds)
            {
                Fork(tree);
                return;
            }

            Select(tree);
            while (tree.GrowingCount + tree.FinishedCount < tree.Leaves)
            {
                tree.Plant(GrowingTree.Never, BranchKind.Fill);
            }

            tree.Settle();
        }

        private void Fork(GrowingTree tree)
        {
            var rows = tree.RowCount;
            var rootOf = new int[rows];
            for (var row = 0; row < rows; row++)
            {
                rootOf[row] = tree.Parent(row) < 0 ? row : rootOf[tree.Parent(row)];
            }

            foreach (var trunk in Enumerable.Range(0, rows).GroupBy(row => rootOf[row]).Where(t => _roots.Contains(t.Key)))
            {
                var places = trunk.SelectMany(row => Places(tree, row))
                    .OrderBy(place => place.LogProb).ThenBy(place => place.Row).ThenBy(place => place.Position).Take(section.Tokens);
                foreach (var (row, position, _) in places.ToList())
                {
                    for (var i = 0; i < section.Branches; i++)
                    {
                        tree.Resample(row, position, GrowingTree.Never);
                    }
                }
            }
        }

        private static IEnumerable<(int Row, int Position, float LogProb)> Places(GrowingTree tree, int row)
        {
            var first = tree.Parent(row) < 0 ? 0 : tree.ForkPosition(row) + 1;
            for (var position = first; position < tree.Length(row); position++)
            {
                yield return (row, position, tree.LogProb(row, position));
            }
        }

        private static void Select(GrowingTree tree)
        {
            int[] rows = [.. Enumerable.Range(0, tree.RowCount)];
            tree.Choices.Shuffle<int>(rows);
            foreach (var row in rows.Take(Math.Max(0, tree.FinishedCount - tree.Leaves)))
            {
                tree.Remove(row, NotSelected);
            }
        }
    }
}
