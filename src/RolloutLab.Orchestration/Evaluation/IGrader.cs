using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>Gives each rollout of a group its verdict: from a verifier, or from a log.</summary>
public interface IGrader
{
    /// <summary>One verdict for each rollout.</summary>
    GradedGroup Grade(RolloutGroup group);
}
