using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>What a prompt was given in a step and what came of it.</summary>
/// <param name="Prompt">Index of the prompt in its set.</param>
/// <param name="Estimate">Expected success rate before the step, in [0, 1].</param>
/// <param name="Rollouts">Rollouts made.</param>
/// <param name="Correct">How many of them are correct.</param>
/// <param name="Tokens">Response tokens of all of them.</param>
public readonly record struct BudgetRow(int Prompt, double Estimate, int Rollouts, int Correct, long Tokens);

/// <summary>
/// The history of the budgets, the ledger's input: one JSON object a step with columns of one entry a prompt,
/// <c>{"step":n,"prompt":[…],"estimate":[…],"rollouts":[…],"correct":[…],"tokens":[…]}</c>. Estimates have 4 decimals.
/// </summary>
public sealed class BudgetLog : IDisposable
{
    private readonly JsonLinesFile _file;

    /// <summary>Opens the log for appending, creating the file when it is not there.</summary>
    /// <param name="path">The file, <c>budgets.jsonl</c> in a run directory.</param>
    /// <exception cref="RunException">The file cannot be opened.</exception>
    public BudgetLog(string path) => _file = new JsonLinesFile(path);

    /// <summary>Writes one step.</summary>
    /// <exception cref="RunException">The file system refused; the file ends with the row before.</exception>
    public void Append(long step, IReadOnlyList<BudgetRow> rows) => _file.Append(row =>
    {
        row.WriteNumber("step", step);
        Column("prompt", r => row.WriteNumberValue(r.Prompt));
        Column("estimate", r => row.WriteNumberValue(Math.Round((decimal)r.Estimate, 4)));
        Column("rollouts", r => row.WriteNumberValue(r.Rollouts));
        Column("correct", r => row.WriteNumberValue(r.Correct));
        Column("tokens", r => row.WriteNumberValue(r.Tokens));

        void Column(string name, Action<BudgetRow> write)
        {
            row.WriteStartArray(name);
            foreach (var entry in rows)
            {
                write(entry);
            }

            row.WriteEndArray();
        }
    });

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();
}
