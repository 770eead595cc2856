using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>
/// Joins the groups of a step's rounds into one group for each prompt, in the order of the step's prompts. Rollouts of a
/// round that asked the question differently keep the prompt they were sampled from.
/// </summary>
internal sealed class GroupMerger
{
    private readonly Dictionary<int, int> _slots;
    private readonly GradedGroup[] _groups;

    public GroupMerger(IReadOnlyList<Prompt> prompts)
    {
        _groups = prompts.Select(p => new GradedGroup(new RolloutGroup(p, []), [])).ToArray();
        _slots = prompts.Select((p, slot) => (p.Index, slot)).ToDictionary(x => x.Index, x => x.slot);
    }

    /// <summary>The groups so far; a prompt without rollouts has an empty one.</summary>
    public IReadOnlyList<GradedGroup> Groups => _groups;

    /// <summary>Adds the groups of a round.</summary>
    public void Add(IEnumerable<GradedGroup> round)
    {
        foreach (var graded in round)
        {
            ref var group = ref _groups[_slots[graded.Group.Prompt.Index]];
            var asked = graded.Group.Prompt;
            var rollouts = ReferenceEquals(asked, group.Group.Prompt) ? graded.Group.Rollouts : graded.Group.Rollouts.Select(r => r with { SampledFrom = asked });
            group = new GradedGroup(
                group.Group with
                {
                    Rollouts = [.. group.Group.Rollouts, .. rollouts],
                    Tree = Join(group.Group, graded.Group),
                },
                [.. group.Verdicts, .. graded.Verdicts]);
        }
    }

    /// <summary>Both rounds' trees; a round of roots alone has none, and gets one only beside a round that has.</summary>
    private static RolloutTree Join(RolloutGroup earlier, RolloutGroup later) =>
        earlier.Tree.Branches.Count + later.Tree.Branches.Count == 0
            ? RolloutTree.Empty
            : RolloutTree.OfGroup(earlier).Join(RolloutTree.OfGroup(later));
}
