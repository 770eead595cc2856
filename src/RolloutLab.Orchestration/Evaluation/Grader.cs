using RolloutLab.Core;
using RolloutLab.Rewards;

namespace RolloutLab.Orchestration;

/// <summary>Runs the verifier over groups. A verifier that throws despite its contract is a fault of the verdict, never of the run.</summary>
/// <param name="verifier">Grades responses.</param>
/// <param name="shaper">Shapes the rewards; null leaves them as the verifier gave them.</param>
public sealed class Grader(IVerifier verifier, RewardShaper? shaper = null)
{
    /// <summary>One verdict for each rollout.</summary>
    public GradedGroup Grade(RolloutGroup group) =>
        new(group, group.Rollouts.Select(r => Shaped(r, Verify(group.Prompt, r.Text))).ToList());

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
