using RolloutLab.Recipes;

namespace RolloutLab.Training;

/// <summary>The learning rate of each optimizer step: linear warm-up from 0, then constant or half a cosine.</summary>
/// <param name="section">Peak rate, warm-up steps and shape.</param>
/// <param name="totalSteps">Optimizer steps of the whole run: where the cosine ends.</param>
public sealed class LearningRateSchedule(OptimizerSection section, long totalSteps)
{
    /// <summary>The rate of optimizer step <paramref name="step"/>, counted from 1.</summary>
    public double At(long step)
    {
        var schedule = section.Schedule;
        if (step <= schedule.WarmupSteps)
        {
            return section.LearningRate * step / schedule.WarmupSteps;
        }

        return schedule is CosineScheduleSection cosine
            ? section.LearningRate * Cosine(step, cosine)
            : section.LearningRate;
    }

    private double Cosine(long step, CosineScheduleSection schedule)
    {
        var length = Math.Max(1, totalSteps - schedule.WarmupSteps);
        var progress = Math.Min(1.0, (double)(step - schedule.WarmupSteps) / length);
        return schedule.MinRatio + ((1 - schedule.MinRatio) * 0.5 * (1 + Math.Cos(Math.PI * progress)));
    }
}
