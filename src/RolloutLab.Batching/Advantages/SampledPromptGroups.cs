using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>The rollouts of a group that were sampled from the very same prompt.</summary>
/// <param name="Group">They as a group, of that prompt.</param>
/// <param name="Places">Where each stands in the whole group.</param>
internal readonly record struct SampledPromptGroup(GradedGroup Group, int[] Places)
{
    /// <summary>A group by the prompts its rollouts were sampled from, in the order in which they first occur.</summary>
    public static IEnumerable<SampledPromptGroup> Split(GradedGroup graded) => Enumerable.Range(0, graded.Count)
        .GroupBy(i => (graded.Group.Rollouts[i].SampledFrom ?? graded.Group.Prompt).Text, StringComparer.Ordinal)
        .Select(places => new SampledPromptGroup(
            new GradedGroup(
                new RolloutGroup(
                    graded.Group.Rollouts[places.First()].SampledFrom ?? graded.Group.Prompt, [.. places.Select(i => graded.Group.Rollouts[i])]),
                [.. places.Select(i => graded.Verdicts[i])]),
            [.. places]));

    /// <summary>The advantages of a whole group from those of its parts.</summary>
    public static GroupAdvantages Join(int count, IReadOnlyList<(SampledPromptGroup Part, GroupAdvantages Advantages)> parts)
    {
        var rollouts = new double[count];
        var tokens = parts.Any(p => p.Advantages.Tokens is not null) ? new double[count][] : null;
        foreach (var (part, advantages) in parts)
        {
            for (var i = 0; i < part.Places.Length; i++)
            {
                rollouts[part.Places[i]] = advantages.Rollouts[i];
                if (tokens is not null)
                {
                    tokens[part.Places[i]] = advantages.Tokens![i];
                }
            }
        }

        return new GroupAdvantages(rollouts, tokens);
    }
}
