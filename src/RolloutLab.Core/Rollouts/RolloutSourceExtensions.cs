namespace RolloutLab.Core;

/// <summary>A round by itself, for callers that have only one.</summary>
public static class RolloutSourceExtensions
{
    /// <summary>Makes the rollouts of one round. The result depends on the request and the policy only, not on batching.</summary>
    /// <param name="source">Makes them.</param>
    /// <param name="request">What to make.</param>
    /// <param name="progress">Told the number of finished rollouts now and then; may be null.</param>
    /// <param name="cancellation">Stops between decode steps with <see cref="OperationCanceledException"/>.</param>
    public static RolloutResult Generate(this IRolloutSource source, RolloutRequest request, IProgress<int>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        using var session = source.Open(request.Step, request.Purpose, request.Sampling);
        session.Submit(request.Budgets);
        var finished = session.Advance(leave: 0, progress, cancellation);
        return new RolloutResult([.. finished.Select(f => f.Group)], session.Statistics);
    }
}
