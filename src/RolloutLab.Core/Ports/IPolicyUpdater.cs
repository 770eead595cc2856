namespace RolloutLab.Core;

/// <summary>Improves the policy from one step's training batches.</summary>
public interface IPolicyUpdater
{
    /// <summary>Version of the policy: raised by every optimizer step.</summary>
    long PolicyVersion { get; }

    /// <summary>Takes one optimizer step for each batch, in order.</summary>
    /// <exception cref="NonFiniteException">A loss or gradient was NaN or infinite; the parameters are as before that optimizer step.</exception>
    UpdateReport Update(IReadOnlyList<OptimizerBatch> batches);
}
