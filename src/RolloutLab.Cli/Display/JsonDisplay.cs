using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>
/// For machines: exactly one JSON document on the output, when the run ends: its summary, with <c>run_directory</c> before
/// it. Notices go to the error stream, progress nowhere.
/// </summary>
internal sealed class JsonDisplay(TextWriter output, TextWriter error) : IRunDisplay
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private string? _runDirectory;

    /// <inheritdoc/>
    public void RunStarted(RunStart start) => _runDirectory = start.RunDirectory;

    /// <inheritdoc/>
    public void PhaseProgress(string phase, long done, long total)
    {
    }

    /// <inheritdoc/>
    public void StepFinished(StepProgress step)
    {
    }

    /// <inheritdoc/>
    public void EvaluationFinished(EvaluationResult evaluation)
    {
    }

    /// <inheritdoc/>
    public void Notice(string line) => error.WriteLine(line);

    /// <inheritdoc/>
    public void RunFinished(RunSummary summary)
    {
        var document = JsonNode.Parse(summary.ToJson())!.AsObject();
        document.Insert(0, "run_directory", _runDirectory);
        output.WriteLine(document.ToJsonString(Readable));
        output.Flush();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
