namespace RolloutLab.Core;

/// <summary>What a random stream is for: streams of different purposes never meet.</summary>
public enum StreamPurpose
{
    /// <summary>Tokens of training rollouts.</summary>
    TrainingRollout = 1,

    /// <summary>Tokens of evaluation rollouts.</summary>
    EvaluationRollout = 2,

    /// <summary>Order of prompts.</summary>
    PromptOrder = 3,

    /// <summary>Initial weights.</summary>
    WeightInitialization = 4,

    /// <summary>Demonstrations of supervised fine-tuning.</summary>
    Demonstrations = 5,

    /// <summary>Generated datasets.</summary>
    DatasetGeneration = 6,

    /// <summary>Tokens a loss picks at random.</summary>
    LossSelection = 7,

    /// <summary>Rollouts that recomposition draws.</summary>
    Recomposition = 8,

    /// <summary>Choices of branch policies.</summary>
    Branching = 9,

    /// <summary>Tokens of rollouts of a training step beside its budget.</summary>
    RolloutBeside = 10,

    /// <summary>Initial matrices of a low-rank adapter.</summary>
    AdapterInitialization = 11,

    /// <summary>Which inputs of a low-rank adapter are dropped in training.</summary>
    AdapterDropout = 12,

    /// <summary>Draws of budget allocators.</summary>
    BudgetAllocation = 16,

    /// <summary>Outcomes and lengths of simulated training rollouts.</summary>
    SimulatedRollout = 17,

    /// <summary>Outcomes and lengths of simulated evaluation rollouts.</summary>
    SimulatedEvaluation = 18,

    /// <summary>Success rates a simulation or an allocation starts from.</summary>
    SuccessRates = 19,

    /// <summary>Order in which a replay gives out a prompt's logged rollouts.</summary>
    LoggedRollout = 20,

    /// <summary>Rollouts that a simulation's first estimates come from.</summary>
    SimulatedEstimate = 21,
}
