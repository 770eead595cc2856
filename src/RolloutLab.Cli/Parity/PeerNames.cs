namespace RolloutLab.Cli;

/// <summary>What verl and TRL call losses and estimators that have another name here.</summary>
internal static class PeerNames
{
    private static readonly Dictionary<string, string[]> Losses = new(StringComparer.Ordinal)
    {
        ["ppo"] = ["loss.type=vanilla"],
        ["dapo"] = ["loss.type=vanilla", "loss.aggregation=token_mean"],
        ["bnpo"] = ["loss.type=vanilla", "loss.aggregation=token_mean"],
        ["grpo"] = ["loss.type=vanilla", "loss.aggregation=seq_mean_token_mean", "loss.empty_sequences=count"],
        ["dr_grpo"] = ["loss.type=vanilla", "loss.aggregation=seq_mean_token_sum_norm", "loss.empty_sequences=count"],
        ["geo_mean"] = ["loss.type=gmpo"],
    };

    private static readonly Dictionary<string, string> Estimators = new(StringComparer.Ordinal)
    {
        ["grpo_passk"] = "pass_at_k",
        ["passk"] = "pass_at_k",
        ["maxrl"] = "max_rl",
        ["otb"] = "optimal_token_baseline",
        ["treepo"] = "tree",
        ["rf++"] = "reinforce_plus_plus",
        ["reinforce++"] = "reinforce_plus_plus",
        ["reinforce++_baseline"] = "reinforce_plus_plus_baseline",
        ["rf++_baseline"] = "reinforce_plus_plus_baseline",
        ["grpo_vectorized"] = "grpo",
        ["rloo_vectorized"] = "rloo",
    };

    /// <summary>The recipe values that a loss's name stands for.</summary>
    public static IEnumerable<string> Loss(string name) => Losses.GetValueOrDefault(Snake(name)) ?? [$"loss.type={Snake(name)}"];

    /// <summary>The recipe values that an estimator's name stands for.</summary>
    public static IEnumerable<string> Advantage(string name) => [$"advantage.type={Estimators.GetValueOrDefault(Snake(name)) ?? Snake(name)}"];

    /// <summary>The recipe value that an aggregation's name stands for; verl writes it with hyphens.</summary>
    public static IEnumerable<string> Aggregation(string name) => [$"loss.aggregation={Snake(name)}"];

    private static string Snake(string name) => name.Trim().ToLowerInvariant().Replace('-', '_');
}
