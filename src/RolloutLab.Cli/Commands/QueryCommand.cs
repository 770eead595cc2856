using System.CommandLine;
using System.Globalization;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary><c>query</c>: SQL over the rollouts and metrics of runs.</summary>
internal static class QueryCommand
{
    private const int WidestCell = 60;
    private const int DefaultLimit = 100;

    /// <summary>Creates the command.</summary>
    public static Command Create(CommandLineServices services)
    {
        var words = Arguments.Named<string[]>("run... sql", new ArgumentArity(2, 10_000), "Run folders, and then one SQL query in quotes.");
        var json = Options.Json("Print a JSON array of all rows.");
        var csv = new Option<bool>("--csv") { Description = "Print all rows as CSV." };
        var limit = Options.WholeNumber("--limit", 1, 1_000_000, $"Rows shown of the table (default: {DefaultLimit}).");
        var command = new DocumentedCommand("query", "Ask the rollouts, metrics, budgets and ledgers of runs in SQL (DuckDB).")
        {
            Examples =
            [
                ("query runs/<run> \"select step, avg(reward) from rollouts group by step order by step\"", "a table"),
                ("query runs/<run> \"select text from rollouts where status = 'correct' limit 3\"", "what the policy wrote"),
                ("query runs/a runs/b \"select run, max(step) from metrics group by run\" --csv > runs.csv", "several runs, to a file"),
                ("query runs/<run> \"from ledger order by success_rate limit 5\"", "the hardest prompts"),
            ],
            Notes =
            [
                ("Views",
                [
                    ("rollouts", "one row a rollout; data/rollout-store.md says what each column holds"),
                    ("metrics", "one row a step: run, step and a column for each metric, such as \"actor/entropy\""),
                    ("budgets", "one row a step and prompt: run, step, prompt_index, estimate, rollouts, correct, tokens"),
                    ("ledger", "one row a prompt, from the newest checkpoint: run, step, prompt_index, successes, failures,"),
                    ("", "success_rate, cost_mean, cost_variance, last_rate, last_step, rollouts, visits"),
                ]),
            ],
        };
        command.Arguments.Add(words);
        foreach (var option in new Option[] { json, csv, limit })
        {
            command.Options.Add(option);
        }

        command.SetAction(result =>
        {
            var given = result.GetRequiredValue(words);
            using var query = new RunQuery(given[..^1], LedgerRows.Read);
            using var watch = new QueryWatch(query, services, result.GetValue(json));
            if (result.GetValue(json) || result.GetValue(csv))
            {
                Print(services.Terminal, query, watch, given[^1], result.GetValue(json) ? QueryFormat.Json : QueryFormat.Csv);
            }
            else
            {
                var (columns, rows, more) = watch.Ask(() => query.Table(given[^1], (int)(result.GetValue(limit) ?? DefaultLimit)));
                services.Terminal.Out.Write(TextTable.Of(columns, rows, WidestCell));
                services.Terminal.Out.WriteLine(Count(rows, more));
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static string Count(IReadOnlyList<string?[]> rows, bool more)
    {
        var shown = more ? " shown; --limit shows more, --csv and --json all" : "";
        var cut = rows.Any(row => row.Any(cell => cell?.Length > WidestCell)) ? $"; texts are cut at {WidestCell} characters, not with --csv and --json" : "";
        return string.Create(CultureInfo.InvariantCulture, $"({rows.Count:#,0} row{(rows.Count == 1 ? "" : "s")}{shown}{cut})");
    }

    // DuckDB writes to files; what is asked for goes through the terminal like all else.
    private static void Print(Terminal terminal, RunQuery query, QueryWatch watch, string sql, QueryFormat format)
    {
        var folder = Directory.CreateTempSubdirectory("rolloutlab-query-");
        try
        {
            var path = Path.Combine(folder.FullName, "result");
            watch.Ask(() =>
            {
                query.Write(sql, format, path);
                return path;
            });
            using var reader = File.OpenText(path);
            var buffer = new char[1 << 16];
            for (int read; (read = reader.Read(buffer)) > 0;)
            {
                watch.Stopped.ThrowIfCancellationRequested();
                terminal.Out.Write(buffer.AsSpan(0, read));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
