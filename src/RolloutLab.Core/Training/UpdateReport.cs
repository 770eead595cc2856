namespace RolloutLab.Core;

/// <summary>What one policy update did.</summary>
/// <param name="Metrics">Metric name to value (<c>actor/pg_loss</c>, ...), in a fixed order.</param>
/// <param name="TokensTrained">Tokens that went through forward and backward.</param>
/// <param name="PolicyVersion">The policy's version afterwards.</param>
public sealed record UpdateReport(IReadOnlyList<KeyValuePair<string, double>> Metrics, long TokensTrained, long PolicyVersion);
