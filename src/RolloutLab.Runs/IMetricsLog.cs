using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Takes the metrics of steps, one row a step.</summary>
public interface IMetricsLog
{
    /// <summary>Writes one row.</summary>
    /// <param name="step">The step, from 0 (before training), never less than the row before.</param>
    /// <param name="metrics">Name and value, each name once; <c>step</c> and <c>non_finite</c> are taken.</param>
    /// <exception cref="RunException">The file system refused; the log ends with the row before.</exception>
    void Append(long step, IReadOnlyList<KeyValuePair<string, double>> metrics);
}
