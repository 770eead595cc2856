namespace RolloutLab.Runs;

/// <summary>A column of the rollout store.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
public readonly record struct RolloutColumn(string Name, DuckDbColumn Type);

/// <summary>
/// The columns of the rollout store, one row a rollout; <c>data/rollout-store.md</c> says what each holds. A change of a
/// column's name, type or meaning raises the version; a column may be added at the end without.
/// </summary>
public static class RolloutSchema
{
    /// <summary>Version of the schema, in every row.</summary>
    public const int Version = 2;

    /// <summary>The columns, in order.</summary>
    public static IReadOnlyList<RolloutColumn> Columns { get; } =
    [
        new("schema_version", DuckDbColumn.Integer),
        new("run", DuckDbColumn.Text),
        new("step", DuckDbColumn.BigInt),
        new("group_index", DuckDbColumn.Integer),
        new("prompt_id", DuckDbColumn.Text),
        new("prompt_index", DuckDbColumn.BigInt),
        new("prompt", DuckDbColumn.Text),
        new("answer", DuckDbColumn.Text),
        new("prompt_token_ids", DuckDbColumn.Integers),
        new("rollout", DuckDbColumn.Integer),
        new("token_ids", DuckDbColumn.Integers),
        new("log_probs", DuckDbColumn.Floats),
        new("token_origins", DuckDbColumn.Integers),
        new("text", DuckDbColumn.Text),
        new("finish_reason", DuckDbColumn.Text),
        new("status", DuckDbColumn.Text),
        new("reward", DuckDbColumn.Float),
        new("rewards", DuckDbColumn.NamedFloats),
        new("verdict_answer", DuckDbColumn.Text),
        new("verdict_detail", DuckDbColumn.Text),
        new("advantage", DuckDbColumn.Float),
        new("decision", DuckDbColumn.Text),
        new("reason", DuckDbColumn.Text),
        new("weight", DuckDbColumn.Float),
        new("policy_version", DuckDbColumn.BigInt),
        new("policy_age", DuckDbColumn.BigInt),
        new("estimate", DuckDbColumn.Double),
        new("budget", DuckDbColumn.Integer),
        new("parent", DuckDbColumn.Integer),
        new("shared_length", DuckDbColumn.Integer),
        new("example_prompts", DuckDbColumn.Integers),
        new("tokens_computed", DuckDbColumn.Integer),
        new("tokens_shared", DuckDbColumn.Integer),
        new("wall_seconds", DuckDbColumn.Float),
        new("tree", DuckDbColumn.Text),
    ];

    /// <summary>SQL that makes an empty table of these columns.</summary>
    public static string CreateTable(string name) =>
        $"CREATE TABLE {name} ({string.Join(", ", Columns.Select(c => $"{c.Name} {DuckDbAppender.SqlName(c.Type)}"))})";
}
