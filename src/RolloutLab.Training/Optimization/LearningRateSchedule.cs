using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>The learning rate of each optimizer step: linear warm-up from 0, then constant or half a cosine.</summary>
/// <param name="section">Peak rate, warm-up steps and shape.</param>
/// <param name="trainingSteps">Training steps of the whole run: where the cosine ends.</param>
/// <param name="updatesPerStep">Optimizer steps in each training step.</param>
public sealed class LearningRateSchedule(OptimizerSection section, long trainingSteps, int updatesPerStep = 1)
{
    private readonly long _total = trainingSteps * updatesPerStep;
    private readonly long _warmup = (long)section.Schedule.WarmupSteps * updatesPerStep;

    /// <summary>The rate of optimizer step <paramref name="step"/>, counted from 1.</summary>
    public double At(long step)
    {
        if (step <= _warmup)
        {
            return section.LearningRate * step / _warmup;
        }

        return section.Schedule is CosineScheduleSection cosine
            ? section.LearningRate * Cosine(step, cosine.MinRatio)
            : section.LearningRate;
    }

    private double Cosine(long step, double minRatio)
    {
        var progress = Math.Min(1.0, (double)(step - _warmup) / Math.Max(1, _total - _warmup));
        return minRatio + ((1 - minRatio) * 0.5 * (1 + Math.Cos(Math.PI * progress)));
    }
}
