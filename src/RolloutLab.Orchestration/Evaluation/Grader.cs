using RolloutLab.Core;
using RolloutLab.Rewards;

namespace RolloutLab.Orchestration;

/// <summary>Runs the verifier over groups. A verifier that throws despite its contract is a fault of the verdict, never of the run.</summary>
/// <param name="verifier">Grades responses.</param>
/// <param name="shaper">Shapes the rewards; null leaves them as the verifier gave them.</param>
public sealed class Grader(IVerifier verifier, RewardShaper? shaper = null) : IGrader
{
    /// <inheritdoc/>
    public GradedGroup Grade(RolloutGroup group)
    {
        var verdicts = new Verdict[group.Rollouts.Count];
        for (var i = 0; i < verdicts.Length; i++)
        {
            verdicts[i] = Shaped(group.Rollouts[i], Verify(group.Prompt, group.Rollouts[i].Text));
        }

        return new GradedGroup(group, verdicts);
    }

    private Verdict Shaped(Rollout rollout, Verdict verdict) => shaper?.Shape(rollout, verdict) ?? verdict;

    private Verdict Verify(Prompt prompt, string response)
    {
        try
        {
            return verifier.Verify(prompt, response);
        }
#pragma warning disable CA1031 // A user's verifier may fail in any way; its fault becomes the verdict's status.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Verdict.Fault($"{exception.GetType().Name}: {exception.Message}");
        }
    }
}
