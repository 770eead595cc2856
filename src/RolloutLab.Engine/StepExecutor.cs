namespace RolloutLab.Engine;

/// <summary>Runs a step on the model and keeps the tokens drawn.</summary>
/// <param name="runner">The model; borrowed.</param>
/// <param name="builder">Has the step.</param>
internal sealed class StepExecutor(IModelRunner runner, StepBuilder builder)
{
    private SampledToken[] _sampled = [];

    /// <summary>Runs the builder's step.</summary>
    /// <returns>One token for each of the builder's draws; valid until the next step.</returns>
    public ReadOnlySpan<SampledToken> Execute()
    {
        var step = builder.Step;
        if (step.SampleCount > _sampled.Length)
        {
            _sampled = new SampledToken[Math.Max(step.SampleCount, _sampled.Length * 2)];
        }

        if (builder.Copies.Length > 0)
        {
            runner.CopyBlocks(builder.Copies);
        }

        var sampled = _sampled.AsSpan(0, step.SampleCount);
        runner.Execute(step, sampled);
        return sampled;
    }
}
