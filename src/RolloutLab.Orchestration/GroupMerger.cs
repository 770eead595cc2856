using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>Joins the groups of a step's rounds into one group for each prompt, in the order of the step's prompts.</summary>
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

    public void Add(IEnumerable<GradedGroup> round)
    {
        foreach (var graded in round)
        {
            ref var group = ref _groups[_slots[graded.Group.Prompt.Index]];
            group = new GradedGroup(
                group.Group with { Rollouts = [.. group.Group.Rollouts, .. graded.Group.Rollouts] },
                [.. group.Verdicts, .. graded.Verdicts]);
        }
    }
}
