using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Cli;

/// <summary>Reads a parity batch, <c>{"rollouts": [...]}</c>, and checks it: each error names rollout and position.</summary>
/// <param name="path">The file, for messages too.</param>
/// <param name="rewardWeights">Weight of each entry of <c>rewards</c>; empty for 1 each.</param>
/// <param name="notice">Told of keys that are not read.</param>
internal sealed class ParityBatchReader(string path, IReadOnlyList<double> rewardWeights, Action<string> notice)
{
    /// <summary>Reads the file.</summary>
    /// <exception cref="DataException">It is no such batch; one line says where and why.</exception>
    public IReadOnlyList<ParityRollout> Read()
    {
        using var document = Parse(ReadText());
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("rollouts", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            throw new DataException($"{path}: must be an object with a list \"rollouts\"; see data/parity/vanilla.json");
        }

        var unread = new SortedSet<string>(StringComparer.Ordinal);
        var rollouts = list.EnumerateArray().Select((e, i) => new ParityRolloutReader(path, i, e, unread, rewardWeights).Read()).ToList();
        if (unread.Count > 0)
        {
            notice($"{path}: not read: {string.Join(", ", unread)}");
        }

        CheckNames(rollouts);
        CheckGroups(rollouts);
        return rollouts;
    }

    private string ReadText()
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataException($"{path}: no such file; a parity batch looks like data/parity/vanilla.json", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: cannot be read: {error.Message}; name a readable JSON file", error);
        }
    }

    private JsonDocument Parse(string text)
    {
        try
        {
            return JsonDocument.Parse(JsonNumbers.Quote(text));
        }
        catch (JsonException error)
        {
            throw new DataException($"{path}:{error.LineNumber + 1}: not JSON (byte {error.BytePositionInLine} of the line); write it as JSON", error);
        }
    }

    private void CheckNames(List<ParityRollout> rollouts)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        if (rollouts.FirstOrDefault(r => !seen.Add(r.Name)) is { } twice)
        {
            throw new DataException($"{path}: rollout {twice.Name}: its id is taken by a rollout before it; give each its own");
        }
    }

    private void CheckGroups(List<ParityRollout> rollouts)
    {
        var owners = new Dictionary<string, ParityRollout>(StringComparer.Ordinal);
        foreach (var rollout in rollouts.Where(r => r.Prompt is not null))
        {
            if (!owners.TryAdd(rollout.Group, rollout) && owners[rollout.Group] is { } owner && owner.Prompt != rollout.Prompt)
            {
                throw new DataException(
                    $"{path}: rollout {rollout.Name}: group {rollout.Group} is also that of rollout {owner.Name}, which answers another prompt; give each prompt a group of its own");
            }
        }
    }
}
