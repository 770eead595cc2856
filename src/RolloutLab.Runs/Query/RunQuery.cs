using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>How a query's result is written.</summary>
public enum QueryFormat
{
    /// <summary>Comma-separated values with a header.</summary>
    Csv,

    /// <summary>A JSON array of objects.</summary>
    Json,
}

/// <summary>
/// SQL over one or several runs: the views <c>rollouts</c> (the store's columns), <c>metrics</c> (<c>run</c>,
/// <c>step</c> and a column for each metric; one that a run lacks is null), <c>budgets</c> (a row for each prompt of a step:
/// what it was given and what came of it) and <c>ledger</c> (a row for each prompt: what the newest checkpoint knows of it).
/// </summary>
public sealed class RunQuery : IDisposable
{
    private const long MostBytesChecked = 256L << 20;

    private readonly DuckDbConnection _database = new();
    private readonly List<string> _folders;
    private readonly Func<string, IEnumerable<LedgerRow>> _readLedger;
    private bool _hasLedger;

    /// <summary>Opens runs.</summary>
    /// <param name="runs">Run folders, at least one.</param>
    /// <param name="readLedger">
    /// Reads a checkpoint's ledger: from its folder to the rows, by prompt. Called only when a query names the view.
    /// </param>
    /// <exception cref="RunException">A folder is not one of a run.</exception>
    /// <exception cref="SetupException">DuckDB is not installed.</exception>
    /// <exception cref="RolloutStoreException">A file is damaged.</exception>
    public RunQuery(IReadOnlyList<string> runs, Func<string, IEnumerable<LedgerRow>> readLedger)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentNullException.ThrowIfNull(readLedger);
        (_folders, _readLedger) = ([.. runs.Select(Path.GetFullPath)], readLedger);
        try
        {
            if (_folders.FirstOrDefault(f => !File.Exists(Path.Combine(f, "metrics.jsonl"))) is { } missing)
            {
                throw new RunException($"{missing} is not the folder of a run: it has no metrics.jsonl; give a folder that train made");
            }

            foreach (var folder in _folders)
            {
                Verify(folder);
            }

            _database.WatchProgress();
            CreateRollouts();
            CreateMetrics();
            CreateBudgets();
        }
        catch
        {
            _database.Dispose();
            throw;
        }
    }

    /// <summary>Share of the running query that is done, in [0, 1]; null where that is not known. For any thread until this is disposed.</summary>
    public double? Progress => _database.Progress;

    /// <summary>Ends the running query, which then throws <see cref="RolloutStoreException"/>. For any thread until this is disposed.</summary>
    public void Interrupt() => _database.Interrupt();

    /// <summary>Names of the result's columns, and its rows with every value as text; null for an absent one.</summary>
    /// <param name="sql">One query.</param>
    /// <param name="mostRows">Rows returned.</param>
    /// <returns>The rows, and whether there are more.</returns>
    /// <exception cref="RolloutStoreException">DuckDB refused: its message.</exception>
    public (IReadOnlyList<string> Columns, IReadOnlyList<string?[]> Rows, bool More) Table(string sql, int mostRows)
    {
        Prepare(sql);
        using var result = _database.Query($"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({Trimmed(sql)}) LIMIT {mostRows + 1}");
        var width = result.Columns.Count;
        var rows = result.ReadAll((c, r) => Enumerable.Range(0, width).Select(i => c.TextOrNull(i, r)).ToArray());
        return (result.Columns, rows.Count > mostRows ? rows[..mostRows] : rows, rows.Count > mostRows);
    }

    /// <summary>Writes the whole result to a file.</summary>
    /// <exception cref="RolloutStoreException">DuckDB refused: its message.</exception>
    public void Write(string sql, QueryFormat format, string path)
    {
        Prepare(sql);
        var options = format == QueryFormat.Csv ? "FORMAT csv, HEADER true" : "FORMAT json, ARRAY true";
        _database.Execute($"COPY ({Trimmed(sql)}) TO {DuckDbConnection.Literal(path)} ({options})");
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    // A large store is not read to its end before a query that needs a part of it; report and resume check it whole.
    private static void Verify(string folder)
    {
        RunChecksums.Verify(folder, "metrics.jsonl");
        if (RolloutStore.FilesOf(Path.Combine(folder, "rollouts")).Sum(f => new FileInfo(f.Path).Length) <= MostBytesChecked)
        {
            RunChecksums.Verify(folder, "rollouts");
        }
    }

    private static string Trimmed(string sql) => sql.Trim().TrimEnd(';');

    private static string List(IEnumerable<string> paths) => $"[{string.Join(", ", paths.Select(DuckDbConnection.Literal))}]";

    private void CreateRollouts()
    {
        var stores = _folders.Select(f => Path.Combine(f, "rollouts")).Where(f => Directory.Exists(f) && Directory.EnumerateFiles(f, "*.parquet").Any()).ToList();
        _database.Execute(stores.Count > 0
            ? $"CREATE VIEW rollouts AS SELECT * FROM read_parquet({List(stores.Select(RolloutStore.Pattern))}, union_by_name = true)"
            : RolloutSchema.CreateTable("rollouts"));
    }

    private void CreateMetrics()
    {
        var files = List(_folders.Select(f => Path.Combine(f, "metrics.jsonl")));
        _database.Execute(
            $"""
            CREATE VIEW metrics AS SELECT parse_filename(parse_dirpath(filename)) AS run, * EXCLUDE (filename)
            FROM read_json({files}, format = 'newline_delimited', union_by_name = true, filename = true, sample_size = -1)
            """);
    }

    private void CreateBudgets()
    {
        var files = _folders.Select(f => Path.Combine(f, "budgets.jsonl")).Where(File.Exists).ToList();
        _database.Execute(files.Count > 0
            ? $"""
              CREATE VIEW budgets AS SELECT parse_filename(parse_dirpath(filename)) AS run, step, unnest(prompt) AS prompt_index,
                unnest(estimate) AS estimate, unnest(rollouts) AS rollouts, unnest(correct) AS correct, unnest(tokens) AS tokens
              FROM read_json({List(files)}, format = 'newline_delimited', filename = true, columns = {BudgetColumns})
              """
            : "CREATE TABLE budgets (run VARCHAR, step BIGINT, prompt_index BIGINT, estimate DOUBLE, rollouts INTEGER, correct INTEGER, tokens BIGINT)");
    }

    private const string BudgetColumns =
        "{step: 'BIGINT', prompt: 'BIGINT[]', estimate: 'DOUBLE[]', rollouts: 'INTEGER[]', correct: 'INTEGER[]', tokens: 'BIGINT[]'}";

    /// <summary>Reads the ledgers where a query names them: of millions of prompts they take seconds.</summary>
    private void Prepare(string sql)
    {
        if (_hasLedger || !sql.Contains(LedgerTable.Name, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        _hasLedger = true;
        LedgerTable.Create(_database, _folders, _readLedger);
    }
}
