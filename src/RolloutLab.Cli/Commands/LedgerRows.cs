using RolloutLab.Allocation;
using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary>A checkpoint's ledger as rows of <c>query</c>'s view <c>ledger</c>.</summary>
internal static class LedgerRows
{
    /// <summary>The rows, by prompt.</summary>
    /// <param name="checkpoint">The checkpoint's folder.</param>
    /// <exception cref="CheckpointException">The ledger is missing or damaged.</exception>
    public static IEnumerable<LedgerRow> Read(string checkpoint)
    {
        var ledger = Open(Path.Combine(checkpoint, PromptLedger.FileName));
        for (var i = 0; i < ledger.Count; i++)
        {
            var entry = ledger[i];
            yield return new LedgerRow(
                i, entry.Successes, entry.Failures, ledger.Mean(i), entry.CostMean, entry.CostVariance,
                entry.IsSeen ? entry.LastRate : null, entry.LastStep, entry.Rollouts, entry.Visits);
        }
    }

    private static PromptLedger Open(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return PromptLedger.Open(stream);
        }
        catch (CheckpointException error)
        {
            throw new CheckpointException($"{path}: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path} cannot be read: {error.Message}; resume the run to write its checkpoint again", error);
        }
    }
}
