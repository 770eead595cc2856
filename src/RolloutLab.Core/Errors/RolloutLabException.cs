namespace RolloutLab.Core;

/// <summary>Base of every error that is the input's or the machine's fault, not a bug: one line that names what, where and the remedy.</summary>
public abstract class RolloutLabException : Exception
{
    /// <summary>Creates the error from its one-line message.</summary>
    protected RolloutLabException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>A recipe is wrong: path of the key, value, rule and remedy.</summary>
public sealed class RecipeException(string message, Exception? inner = null) : RolloutLabException(message, inner);

/// <summary>A dataset, tokenizer or prompt is unreadable or does not fit: file, line, reason.</summary>
public sealed class DataException(string message, Exception? inner = null) : RolloutLabException(message, inner);

/// <summary>A checkpoint or weight file is missing, damaged or of another shape.</summary>
public sealed class CheckpointException(string message, Exception? inner = null) : RolloutLabException(message, inner);

/// <summary>A run directory cannot be written or read.</summary>
public sealed class RunException(string message, Exception? inner = null) : RolloutLabException(message, inner);

/// <summary>Stored rollouts cannot be read, written or queried: file or statement, and DuckDB's reason.</summary>
public sealed class RolloutStoreException(string message, Exception? inner = null) : RolloutLabException(message, inner);

/// <summary>The KV cache cannot hold even one sequence of the requested length.</summary>
public sealed class KvCacheExhaustedException(string message, Exception? inner = null) : RolloutLabException(message, inner);

/// <summary>A loss or gradient was NaN or infinite; the step was refused.</summary>
public sealed class NonFiniteException(string message, Exception? inner = null) : RolloutLabException(message, inner);

/// <summary>Logged rollouts are too far from the policy that is to learn from them; the step was refused.</summary>
public sealed class OffPolicyException(string message, Exception? inner = null) : RolloutLabException(message, inner);

/// <summary>Something this machine lacks or was set up wrongly: what, and the line that mends it.</summary>
public sealed class SetupException(string message, Exception? inner = null) : RolloutLabException(message, inner);

/// <summary>A rollout budget cannot be met or is not a budget: the value, the rule and the feasible range.</summary>
public sealed class BudgetException(string message, Exception? inner = null) : RolloutLabException(message, inner);
