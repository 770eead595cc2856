using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>The stages of recomposition.</summary>
public enum RecompositionStage
{
    /// <summary>Truncated rollouts give no penalty (over-turn masking of SPEAR, arXiv 2509.22601).</summary>
    MaskTruncated,

    /// <summary>Groups without a gradient are dropped and prompts are sampled in their place (DAPO, arXiv 2503.14476).</summary>
    DynamicSampling,

    /// <summary>Priority and compensation batches (RoRecomp, arXiv 2509.25958).</summary>
    Rorecomp,

    /// <summary>Informative groups of earlier steps replace uninformative ones (TRL).</summary>
    Replay,

    /// <summary>Own successes are imitated (SPEAR).</summary>
    SelfImitation,

    /// <summary>Prompts that stay unsolved are explained with their answers in view (ExPO, arXiv 2507.02834).</summary>
    SelfExplanation,
}

/// <summary>Which truncated rollouts are left out.</summary>
public enum TruncatedMask
{
    /// <summary>Those that would be penalised: of negative advantage.</summary>
    Penalties,

    /// <summary>All.</summary>
    All,
}

/// <summary>What groups RoRecomp ranks rollouts in.</summary>
public enum RecompositionScope
{
    /// <summary>Each group by itself.</summary>
    Group,

    /// <summary>The whole step.</summary>
    Batch,
}

/// <summary>How a probability goes from its start to its end over a run.</summary>
public enum ProbabilitySchedule
{
    /// <summary>It stays at its start.</summary>
    Constant,

    /// <summary>In a line.</summary>
    Linear,

    /// <summary>Along half a cosine.</summary>
    Cosine,
}

/// <summary>Which of a step's rollouts are trained, and what is trained again.</summary>
public sealed record RecomposeSection
{
    /// <summary>The stages in the order in which they act.</summary>
    public ValueList<RecompositionStage> Stages { get; init; } = [];

    /// <summary>Which rollouts <see cref="RecompositionStage.MaskTruncated"/> leaves out.</summary>
    public TruncatedMask MaskTruncated { get; init; }

    /// <summary>Keys of <see cref="RecompositionStage.DynamicSampling"/>.</summary>
    public DynamicSamplingSection DynamicSampling { get; init; } = new(4, -1000, 1000);

    /// <summary>Keys of <see cref="RecompositionStage.Rorecomp"/>.</summary>
    public RorecompSection Rorecomp { get; init; } = new();

    /// <summary>Keys of <see cref="RecompositionStage.Replay"/>.</summary>
    public ReplaySection Replay { get; init; } = new(64, 64);

    /// <summary>Keys of <see cref="RecompositionStage.SelfImitation"/>.</summary>
    public SelfImitationSection SelfImitation { get; init; } = new();

    /// <summary>Keys of <see cref="RecompositionStage.SelfExplanation"/>.</summary>
    public SelfExplanationSection SelfExplanation { get; init; } = new();

    /// <param name="r">The section.</param>
    /// <param name="prompts">The training prompts; may be null.</param>
    internal static RecomposeSection Read(SectionReader r, PromptSetSection? prompts) => new()
    {
        Stages = r.Choices(
            "stages", "Stages of recomposition, in the order in which they act.",
            ("mask_truncated", RecompositionStage.MaskTruncated), ("dynamic_sampling", RecompositionStage.DynamicSampling),
            ("rorecomp", RecompositionStage.Rorecomp), ("replay", RecompositionStage.Replay), ("self_imitation", RecompositionStage.SelfImitation),
            ("self_explanation", RecompositionStage.SelfExplanation)),
        MaskTruncated = r.Section("mask_truncated", "Truncated rollouts that are left out.", s => s.Choice(
            "mode", TruncatedMask.Penalties, "Which: those of negative advantage (penalties), or all.",
            ("penalties", TruncatedMask.Penalties), ("mask_all", TruncatedMask.All))),
        DynamicSampling = r.Section("dynamic_sampling", "Groups without a gradient are dropped and replaced (DAPO).", DynamicSamplingSection.Read),
        Rorecomp = r.Section("rorecomp", "Priority and compensation batches (RoRecomp).", RorecompSection.Read),
        Replay = r.Section("replay", "Informative groups of earlier steps replace uninformative ones.", ReplaySection.Read),
        SelfImitation = r.Section("self_imitation", "Own successes are imitated (SPEAR).", SelfImitationSection.Read),
        SelfExplanation = r.Section(
            "self_explanation", "Prompts that stay unsolved are explained with their answers in view (ExPO).", s => SelfExplanationSection.Read(s, prompts)),
    };
}

/// <summary>Dynamic sampling (DAPO).</summary>
/// <param name="MaxRounds">Most rounds of sampling in a step, the first included.</param>
/// <param name="MinMean">Groups whose mean reward is not above this are dropped.</param>
/// <param name="MaxMean">Groups whose mean reward is not below this are dropped.</param>
public sealed record DynamicSamplingSection(int MaxRounds, double MinMean, double MaxMean)
{
    internal static DynamicSamplingSection Read(SectionReader r) => new(
        r.Integer("max_rounds", 4, AtLeast(1), "Most rounds of sampling prompts in a step; after them it trains on what there is."),
        r.Number("min_mean", -1000, Between(-1000, 1000), "Groups whose mean reward is not above this are dropped too."),
        r.Number("max_mean", 1000, Between(-1000, 1000), "Groups whose mean reward is not below this are dropped too."));
}

/// <summary>
/// RoRecomp (arXiv 2509.25958). The paper's schedule and fractions could not be read first-hand: the defaults are ours.
/// </summary>
public sealed record RorecompSection
{
    /// <summary>Share of the right rollouts, the shortest, and of the wrong ones, the longest, that is trained; in (0, 1].</summary>
    public double PriorityFraction { get; init; } = 0.5;

    /// <summary>What rollouts are ranked in.</summary>
    public RecompositionScope Scope { get; init; }

    /// <summary>Most rollouts kept for compensation.</summary>
    public int Capacity { get; init; } = 2048;

    /// <summary>Oldest policy, in versions, whose rollouts are still trained.</summary>
    public int MaxPolicyAge { get; init; } = 32;

    /// <summary>Probability of a compensation batch in the first step.</summary>
    public double StartProbability { get; init; } = 0.5;

    /// <summary>Probability in the last step.</summary>
    public double EndProbability { get; init; } = 0.1;

    /// <summary>How the probability goes from one to the other.</summary>
    public ProbabilitySchedule Schedule { get; init; } = ProbabilitySchedule.Cosine;

    internal static RorecompSection Read(SectionReader r) => new()
    {
        PriorityFraction = r.Number("priority_fraction", 0.5, AboveAtMost(0, 1), "Share of the right, shortest, and of the wrong, longest, rollouts that is trained."),
        Scope = r.Choice(
            "scope", RecompositionScope.Group, "What rollouts are ranked in.", ("group", RecompositionScope.Group), ("batch", RecompositionScope.Batch)),
        Capacity = r.Integer("capacity", 2048, AtLeast(1), "Most rollouts kept for compensation; the oldest leave first."),
        MaxPolicyAge = r.Integer("max_policy_age", 32, AtLeast(1), "Oldest policy, in optimizer steps, whose rollouts are still trained."),
        StartProbability = r.Number("start_probability", 0.5, Between(0, 1), "Probability of a compensation batch in the first step."),
        EndProbability = r.Number("end_probability", 0.1, Between(0, 1), "Probability of a compensation batch in the last step."),
        Schedule = r.Choice(
            "schedule", ProbabilitySchedule.Cosine, "How that probability changes over the run.",
            ("constant", ProbabilitySchedule.Constant), ("linear", ProbabilitySchedule.Linear), ("cosine", ProbabilitySchedule.Cosine)),
    };
}

/// <summary>Replay of informative groups (TRL's GRPO with replay buffer).</summary>
/// <param name="Capacity">Groups kept, those of the highest score Σ|A|·std.</param>
/// <param name="MaxPolicyAge">Oldest policy, in versions, whose groups are still trained.</param>
public sealed record ReplaySection(int Capacity, int MaxPolicyAge)
{
    internal static ReplaySection Read(SectionReader r) => new(
        r.Integer("capacity", 64, AtLeast(1), "Groups kept, those of the highest sum of |advantage| times standard deviation."),
        r.Integer("max_policy_age", 64, AtLeast(1), "Oldest policy, in optimizer steps, whose groups are still trained."));
}

/// <summary>Self-imitation (SPEAR, arXiv 2509.22601).</summary>
public sealed record SelfImitationSection
{
    /// <summary>The buffer is trained when it holds 1.5 times this many rollouts.</summary>
    public int Capacity { get; init; } = 2048;

    /// <summary>Steps after which a rollout leaves the buffer.</summary>
    public int MaxSteps { get; init; } = 10;

    /// <summary>Group means that the recalibrated advantage takes its median of.</summary>
    public int Baselines { get; init; } = 10240;

    /// <summary>Weight of the replay loss beside the policy loss.</summary>
    public double Coefficient { get; init; } = 0.001;

    /// <summary>Steps over which that weight grows to its full value.</summary>
    public int WarmupSteps { get; init; } = 200;

    internal static SelfImitationSection Read(SectionReader r) => new()
    {
        Capacity = r.Integer("capacity", 2048, AtLeast(1), "The buffer is trained, and emptied, when it holds 1.5 times this many rollouts."),
        MaxSteps = r.Integer("max_steps", 10, AtLeast(1), "Steps after which a rollout leaves the buffer."),
        Baselines = r.Integer("baselines", 10240, AtLeast(1), "Group means that the recalibrated advantage takes its median of."),
        Coefficient = r.Number("coefficient", 0.001, AtLeast(0), "Weight of the replay loss beside the policy loss."),
        WarmupSteps = r.Integer("warmup_steps", 200, AtLeast(1), "Steps over which that weight grows along half a cosine."),
    };
}
