using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>
/// Joins the groups of a step's rounds into one group for each prompt, in the order of the step's prompts. A prompt's rounds
/// may finish in any order; its rollouts are in the order in which they were asked for, and those of a round that asked the
/// question differently keep the prompt they were sampled from.
/// </summary>
internal sealed class GroupMerger
{
    private readonly IReadOnlyList<Prompt> _prompts;
    private readonly Dictionary<int, int> _slots;
    private readonly GradedGroup[] _groups;
    private readonly List<(int First, GradedGroup Graded)>[] _rounds;
    private readonly int[] _asked;
    private readonly int[] _inFlight;

    public GroupMerger(IReadOnlyList<Prompt> prompts)
    {
        _prompts = prompts;
        _groups = prompts.Select(p => new GradedGroup(new RolloutGroup(p, []), [])).ToArray();
        _rounds = prompts.Select(_ => new List<(int First, GradedGroup Graded)>()).ToArray();
        _slots = prompts.Select((p, slot) => (p.Index, slot)).ToDictionary(x => x.Index, x => x.slot);
        (_asked, _inFlight) = (new int[prompts.Count], new int[prompts.Count]);
    }

    /// <summary>The groups so far; a prompt without rollouts has an empty one.</summary>
    public IReadOnlyList<GradedGroup> Groups => _groups;

    /// <summary>Rollouts asked for so far, by prompt.</summary>
    public IReadOnlyList<int> Asked => _asked;

    /// <summary>How many of them are not here yet, by prompt.</summary>
    public IReadOnlyList<int> InFlight => _inFlight;

    /// <summary>Notes a round that begins.</summary>
    public void Expect(IReadOnlyList<PromptBudget> round)
    {
        foreach (var budget in round)
        {
            var slot = _slots[budget.Prompt.Index];
            _asked[slot] += budget.Rollouts;
            _inFlight[slot] += budget.Rollouts;
        }
    }

    /// <summary>Adds what came of a budget.</summary>
    public void Add(PromptBudget budget, GradedGroup graded)
    {
        var slot = _slots[budget.Prompt.Index];
        var rounds = _rounds[slot];
        _inFlight[slot] -= budget.Rollouts;
        var at = rounds.FindLastIndex(r => r.First < budget.FirstRollout) + 1;
        rounds.Insert(at, (budget.FirstRollout, AsAsked(graded, _prompts[slot])));
        _groups[slot] = rounds.Count == 1 ? rounds[0].Graded : Join(rounds);
    }

    private static GradedGroup AsAsked(GradedGroup graded, Prompt prompt)
    {
        var asked = graded.Group.Prompt;
        return ReferenceEquals(asked, prompt)
            ? graded
            : graded with { Group = graded.Group with { Prompt = prompt, Rollouts = [.. graded.Group.Rollouts.Select(r => r with { SampledFrom = asked })] } };
    }

    private static GradedGroup Join(List<(int First, GradedGroup Graded)> rounds)
    {
        var tree = rounds.TrueForAll(r => r.Graded.Group.Tree.Branches.Count == 0)
            ? RolloutTree.Empty
            : rounds.Select(r => RolloutTree.OfGroup(r.Graded.Group)).Aggregate((earlier, later) => earlier.Join(later));
        var group = rounds[0].Graded.Group with { Rollouts = [.. rounds.SelectMany(r => r.Graded.Group.Rollouts)], Tree = tree };
        return new GradedGroup(group, [.. rounds.SelectMany(r => r.Graded.Verdicts)]);
    }
}
