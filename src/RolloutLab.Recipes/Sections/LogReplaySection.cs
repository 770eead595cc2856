using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>What kind of log rollouts are read from.</summary>
public enum LogFormatChoice
{
    /// <summary>Whatever the file's columns say.</summary>
    Auto,

    /// <summary>RolloutLab's own Parquet store.</summary>
    Store,

    /// <summary>JSONL or Parquet with the names of the store's columns.</summary>
    Rows,

    /// <summary>verl's rollout dump, or its data set with responses.</summary>
    Verl,

    /// <summary>TRL's logged completions.</summary>
    Trl,

    /// <summary>GSM8K's problems or graded solutions.</summary>
    Gsm8k,
}

/// <summary>Where the verdicts of a replay come from.</summary>
public enum LogVerdictsChoice
{
    /// <summary>The recipe's verifier reads the responses again.</summary>
    Verify,

    /// <summary>The log's rewards.</summary>
    Logged,
}

/// <summary>What stands in for the log-probabilities that a log does not have.</summary>
public enum MissingLogProbsChoice
{
    /// <summary>Nothing: such a log is refused.</summary>
    Refuse,

    /// <summary>Those of the policy about to be updated: the loss without a ratio.</summary>
    Policy,
}

/// <summary>How logged rollouts are replayed.</summary>
public sealed record LogReplaySection
{
    /// <summary>Absolute path of the log; null when the command line names it.</summary>
    public string? Log { get; init; }

    /// <summary>What kind of log it is.</summary>
    public LogFormatChoice Format { get; init; }

    /// <summary>Where verdicts come from.</summary>
    public LogVerdictsChoice Verdicts { get; init; }

    /// <summary>Logged reward above which a foreign log's rollout counts as right.</summary>
    public double RightAbove { get; init; } = 0.5;

    /// <summary>Replays of each budget without a model, with the recipe's seed and those after it.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>Budgets to compare without a model; empty for the recipe's own.</summary>
    public ValueList<NamedBudget> Allocators { get; init; } = [];

    /// <summary>What stands in for missing log-probabilities in training.</summary>
    public MissingLogProbsChoice MissingLogProbs { get; init; }

    /// <summary>Least effective share of a step's rollouts, (Σw)²/(n·Σw²), below which training refuses the step; in [0, 1].</summary>
    public double MinEffectiveShare { get; init; } = 0.1;

    internal static LogReplaySection Read(SectionReader r) => new()
    {
        Log = r.OptionalPath("log", "The log; `replay LOG` on the command line takes its place."),
        Format = r.Choice(
            "format", LogFormatChoice.Auto, "What kind of log it is: told by its columns, or named.",
            ("auto", LogFormatChoice.Auto), ("store", LogFormatChoice.Store), ("rows", LogFormatChoice.Rows),
            ("verl", LogFormatChoice.Verl), ("trl", LogFormatChoice.Trl), ("gsm8k", LogFormatChoice.Gsm8k)),
        Verdicts = r.Choice(
            "verdicts", LogVerdictsChoice.Verify, "Where verdicts come from: the recipe's verifier, or the log's rewards.",
            ("verify", LogVerdictsChoice.Verify), ("logged", LogVerdictsChoice.Logged)),
        RightAbove = r.Number("right_above", 0.5, Between(-1e9, 1e9), "Logged reward above which a foreign log's rollout counts as right."),
        Seeds = r.Integer("seeds", 1, Between(1, 10_000), "Replays of each budget without a model, with the recipe's seed and those after it."),
        Allocators = ValueList.Create<NamedBudget>(
        [
            .. r.NamedSections(
                    "allocators", "Budgets to compare without a model, the first being the baseline; none for the recipe's own.", BudgetSection.Read, isOptional: true)
                .Select(named => new NamedBudget(named.Name, named.Value)),
        ]),
        MissingLogProbs = r.Choice(
            "missing_log_probs", MissingLogProbsChoice.Refuse,
            "Training on a log without log-probs: refused, or those of the policy about to be updated (the loss without a ratio).",
            ("refuse", MissingLogProbsChoice.Refuse), ("policy", MissingLogProbsChoice.Policy)),
        MinEffectiveShare = r.Number(
            "min_effective_share", 0.1, Between(0, 1), "Training refuses a step whose importance weights leave a smaller effective share of its rollouts."),
    };
}
