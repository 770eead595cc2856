using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>Improves the policy from a step's decisions: live by training batches, simulated by changing success rates.</summary>
public interface IPolicyImprover
{
    /// <summary>Version of the policy: raised whenever it changes.</summary>
    long PolicyVersion { get; }

    /// <summary>Improves the policy.</summary>
    /// <param name="decisions">What recomposition decided, in the order of the step's groups.</param>
    /// <param name="clock">Takes the time of what is done, by phase.</param>
    /// <exception cref="NonFiniteException">A loss or gradient was NaN or infinite.</exception>
    UpdateReport Improve(IReadOnlyList<RolloutDecision> decisions, PhaseClock clock);
}
