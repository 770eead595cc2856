using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>AdamW (arXiv 1711.05101) with gradient clipping and a schedule of the learning rate.</summary>
public sealed record OptimizerSection
{
    /// <summary>The highest learning rate of the schedule.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Decay of the first moment, in [0, 1).</summary>
    public required double Beta1 { get; init; }

    /// <summary>Decay of the second moment, in [0, 1).</summary>
    public required double Beta2 { get; init; }

    /// <summary>Added to the root of the second moment.</summary>
    public required double Epsilon { get; init; }

    /// <summary>Decoupled weight decay.</summary>
    public required double WeightDecay { get; init; }

    /// <summary>Gradients are scaled down to this global norm; 0 for no bound.</summary>
    public required double MaxGradNorm { get; init; }

    /// <summary>How the learning rate changes.</summary>
    public required ScheduleSection Schedule { get; init; }

    /// <param name="r">The section.</param>
    /// <param name="learningRate">Learning rate when none is given.</param>
    internal static OptimizerSection Read(SectionReader r, double learningRate) => r.Variant(
        "The optimizer.",
        "adamw",
        ("adamw", s => new OptimizerSection
        {
            LearningRate = s.Number("learning_rate", learningRate, Above(0), "The highest learning rate of the schedule."),
            Beta1 = s.Number("beta1", 0.9, AtLeastBelow(0, 1), "Decay of the first moment."),
            Beta2 = s.Number("beta2", 0.999, AtLeastBelow(0, 1), "Decay of the second moment."),
            Epsilon = s.Number("epsilon", 1e-8, Above(0), "Added to the root of the second moment."),
            WeightDecay = s.Number("weight_decay", 0.01, AtLeast(0), "Decoupled weight decay."),
            MaxGradNorm = s.Number("max_grad_norm", 1, AtLeast(0), "Gradients are scaled down to this global norm; 0 for no bound."),
            Schedule = s.Section("schedule", "How the learning rate changes.", ScheduleSection.Read),
        }));
}

/// <summary>How the learning rate changes over the training steps.</summary>
public abstract record ScheduleSection
{
    /// <summary>Steps over which it rises linearly to its highest; 0 starts there.</summary>
    public required int WarmupSteps { get; init; }

    internal static ScheduleSection Read(SectionReader r) => r.Variant<ScheduleSection>(
        "The learning rate after its warm-up: stays, or falls along half a cosine until the last step.",
        "constant",
        ("constant", s => new ConstantScheduleSection { WarmupSteps = ReadWarmup(s) }),
        ("cosine", s => new CosineScheduleSection
        {
            WarmupSteps = ReadWarmup(s),
            MinRatio = s.Number("min_ratio", 0, Between(0, 1), "The last learning rate as a share of the highest."),
        }));

    private static int ReadWarmup(SectionReader r) =>
        r.Integer("warmup_steps", 0, AtLeast(0), "Steps over which the learning rate rises linearly to its highest.");
}

/// <summary>The learning rate stays at its highest.</summary>
public sealed record ConstantScheduleSection : ScheduleSection;

/// <summary>The learning rate falls along half a cosine until the last step (arXiv 1608.03983, without restarts).</summary>
public sealed record CosineScheduleSection : ScheduleSection
{
    /// <summary>The last learning rate as a share of the highest, in [0, 1].</summary>
    public required double MinRatio { get; init; }
}
