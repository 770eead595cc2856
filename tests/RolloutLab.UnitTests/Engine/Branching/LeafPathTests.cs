using RolloutLab.Core;
using RolloutLab.Engine;

namespace RolloutLab.UnitTests.Engine;

/// <summary>What leaves share when the row they forked from is gone.</summary>
public sealed class LeafPathTests
{
    [Fact]
    public void The_fork_that_forked_last_stands_for_a_removed_row()
    {
        // Row 0 is removed after rows 1 (at token 2), 2 (at 5) and 3 (at 4) forked from it; row 4 forks from 2 at token 7.
        var grower = new Script(tree =>
        {
            int[] forks = [tree.Resample(0, 2, GrowingTree.Never), tree.Resample(0, 5, GrowingTree.Never), tree.Resample(0, 4, GrowingTree.Never)];
            tree.Remove(0, "test");
            return forks;
        });
        var group = Run(grower, leaves: 4);

        var paths = LeafPaths.Of(group.Sequences).Select(p => (p.Sequence.Id, p.Parent, p.SharedLength));

        Assert.Equal([(2, -1, 0), (1, 0, 2), (3, 0, 4), (4, 0, 7)], paths);
    }

    private static SequenceGroup Run(ITreeGrower grower, int leaves)
    {
        var streams = new GroupStreams(new RandomStreams(1), StreamPurpose.TrainingRollout, 1, 0, 0);
        var sampling = new SamplingParameters { MaxNewTokens = 9 };
        var group = new SequenceGroup("p", [1], streams, leaves, sampling, stopTokenIds: [0], grower);
        var runner = new TableRunner(_ => [0, 0.5, 0.5], 3, 100, 4);
        using var run = new RolloutEngine(runner, new EngineOptions()).Begin(topTokens: 0);
        run.Add([group]);
        run.Advance(leave: 0, null, default);
        return group;
    }

    /// <summary>One row to its end, then some forks of it, then one more fork of the second of them.</summary>
    private sealed class Script(Func<GrowingTree, int[]> fork) : ITreeGrower
    {
        private int[]? _forks;

        public void Start(GrowingTree tree) => tree.Plant(GrowingTree.Never);

        public bool Decide(GrowingTree tree) => throw new InvalidOperationException();

        public void Rest(GrowingTree tree)
        {
            if (tree.GrowingCount > 0)
            {
                return;
            }

            if (_forks is null)
            {
                _forks = fork(tree);
            }
            else
            {
                tree.Resample(_forks[1], 7, GrowingTree.Never);
                tree.Settle();
            }
        }
    }
}
