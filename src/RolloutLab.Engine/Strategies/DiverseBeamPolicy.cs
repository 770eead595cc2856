using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Engine;

/// <summary>
/// Diverse beam search (arXiv 1610.02424): beams in groups, each group taking at every token the continuations of the
/// highest summed log-probability, less a penalty for tokens that earlier groups took at the same position (Hamming
/// diversity). A beam that ends keeps its place. Deterministic: no token is drawn, but where beams are too few at the
/// end their places are filled with samples.
/// </summary>
public sealed class DiverseBeamPolicy : IBranchPolicy
{
    private readonly DiverseBeamStrategySection _section;

    /// <summary>Creates the policy.</summary>
    public DiverseBeamPolicy(DiverseBeamStrategySection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        _section = section;
    }

    /// <inheritdoc/>
    public int TopTokens => _section.Candidates;

    /// <inheritdoc/>
    public IReadOnlyList<ITreeGrower> Begin(long step, IReadOnlyList<int> leaves) => [.. leaves.Select(_ => new Grower(_section))];

    private sealed class Grower(DiverseBeamStrategySection section) : ITreeGrower
    {
        /// <summary>Reason of a beam none of whose continuations was among the best.</summary>
        private const string OutOfBeam = "out_of_beam";

        private readonly List<Beams> _groups = [];
        private readonly Dictionary<int, double> _scores = [];
        private readonly Dictionary<int, int> _uses = [];

        public void Start(GrowingTree tree)
        {
            var groups = Math.Min(section.Groups, tree.Leaves);
            for (var g = 0; g < groups; g++)
            {
                var row = tree.Plant(holdAt: 0);
                _scores[row] = 0;
                _groups.Add(new Beams((tree.Leaves + g) / groups, [row]));
            }
        }

        public bool Decide(GrowingTree tree)
        {
            _uses.Clear();
            foreach (var group in _groups)
            {
                Advance(tree, group);
            }

            return true;
        }

        public void Rest(GrowingTree tree)
        {
            while (tree.GrowingCount + tree.FinishedCount < tree.Leaves)
            {
                tree.Plant(GrowingTree.Never, BranchKind.Fill);
            }

            tree.Settle();
        }

        private void Advance(GrowingTree tree, Beams group)
        {
            var best = group.Live.SelectMany(row => Continuations(tree, row))
                .OrderByDescending(c => c.Score - (section.Penalty * _uses.GetValueOrDefault(c.TokenId)))
                .ThenBy(c => c.Row).ThenBy(c => c.Rank)
                .Take(group.Places).ToList();
            var live = new List<int>();
            foreach (var continuations in best.GroupBy(c => c.Row))
            {
                live.AddRange(Continue(tree, continuations.Key, [.. continuations]));
            }

            foreach (var row in group.Live.Except(best.Select(c => c.Row)))
            {
                tree.Remove(row, OutOfBeam);
            }

            foreach (var continuation in best)
            {
                _uses[continuation.TokenId] = _uses.GetValueOrDefault(continuation.TokenId) + 1;
            }

            group.Places -= live.RemoveAll(tree.IsFinished);
            group.Live = live;
        }

        /// <summary>Lets a beam go on as its continuations: forks of it, and itself as the best one.</summary>
        private List<int> Continue(GrowingTree tree, int row, List<Continuation> continuations)
        {
            var next = tree.Length(row) + 1;
            var rows = new List<int> { row };
            foreach (var continuation in continuations.Skip(1))
            {
                var fork = tree.Fork(row, continuation.Rank, next);
                _scores[fork] = continuation.Score;
                rows.Add(fork);
            }

            _scores[row] = continuations[0].Score;
            tree.TakeTop(row, continuations[0].Rank, next);
            return rows;
        }

        private List<Continuation> Continuations(GrowingTree tree, int row)
        {
            var top = tree.Top(row);
            var continuations = new List<Continuation>(top.Length);
            for (var rank = 0; rank < top.Length && top[rank].Probability > 0; rank++)
            {
                continuations.Add(new Continuation(row, rank, top[rank].TokenId, _scores[row] + top[rank].LogProb));
            }

            return continuations;
        }
    }

    /// <summary>The beams of one group.</summary>
    /// <param name="places">Beams that may still grow.</param>
    /// <param name="live">Rows that grow.</param>
    private sealed class Beams(int places, List<int> live)
    {
        public int Places { get; set; } = places;

        public List<int> Live { get; set; } = live;
    }

    private readonly record struct Continuation(int Row, int Rank, int TokenId, double Score);
}
