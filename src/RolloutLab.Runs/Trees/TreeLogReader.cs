using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Finds kept trees in a run's <c>trees.jsonl</c>.</summary>
public static class TreeLogReader
{
    private const int PromptsNamed = 12;

    /// <summary>The tree of a prompt in a step, or the first one kept of the step.</summary>
    /// <param name="path">The file.</param>
    /// <param name="step">Training step.</param>
    /// <param name="promptId">The prompt; null for the first kept.</param>
    /// <exception cref="RunException">
    /// The file is missing or damaged, or keeps no such tree; the message names the steps or prompts that it has.
    /// </exception>
    public static KeptTree Find(string path, long step, string? promptId)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new RunException($"{path}: no such file; name a run folder that a training run has written, with run.tree_samples above 0");
        }

        var prompts = new List<string>();
        var (first, last) = (long.MaxValue, long.MinValue);
        foreach (var tree in Read(path, _ => true))
        {
            (first, last) = (Math.Min(first, tree.Step), Math.Max(last, tree.Step));
            if (tree.Step != step)
            {
                continue;
            }

            if (promptId is null || tree.PromptId == promptId)
            {
                return tree;
            }

            prompts.Add(tree.PromptId);
        }

        throw new RunException(
            last < first ? $"{path}: keeps no tree; train with run.tree_samples above 0"
            : prompts.Count == 0 ? $"{path}: keeps no tree of step {step}; it has steps {first} to {last}"
            : $"{path}: step {step} keeps no tree of prompt {promptId}; it has {string.Join(", ", prompts.Take(PromptsNamed))}"
                + (prompts.Count > PromptsNamed ? ", ..." : "") + " (run.tree_samples keeps more)");
    }

    /// <summary>A tree as an indented JSON document with the members of its line.</summary>
    public static string ToJson(KeptTree tree) => JsonSerializer.Serialize(tree, IndentedTreeJson.Default.KeptTree);

    /// <summary>Steps and prompts of all trees, in the order of the file.</summary>
    /// <exception cref="RunException">The file cannot be read or is damaged.</exception>
    public static IEnumerable<(long Step, string PromptId)> Keys(string path)
    {
        var number = 0;
        foreach (var line in WholeLines.Read(path))
        {
            number++;
            yield return KeyOf(line) ?? throw Damaged(path, number, null);
        }
    }

    /// <summary>The trees of some steps and prompts.</summary>
    /// <exception cref="RunException">The file cannot be read or is damaged.</exception>
    public static IEnumerable<KeptTree> Some(string path, IReadOnlySet<(long Step, string PromptId)> wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        return Read(path, line => KeyOf(line) is not { } key || wanted.Contains(key));
    }

    private static (long Step, string PromptId)? KeyOf(byte[] line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            if (reader.Read() && reader.Read() && reader.ValueTextEquals("step"u8) && reader.Read() && reader.TryGetInt64(out var step)
                && reader.Read() && reader.ValueTextEquals("prompt_id"u8) && reader.Read() && reader.GetString() is { } prompt)
            {
                return (step, prompt);
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Told by the caller, with the line.
        }

        return null;
    }

    private static RunException Damaged(string path, int number, Exception? fault) =>
        new($"{path}:{number}: not a kept tree; the file is damaged or was written by another version", fault);

    private static IEnumerable<KeptTree> Read(string path, Func<byte[], bool> isWanted)
    {
        var number = 0;
        foreach (var line in WholeLines.Read(path))
        {
            number++;
            if (!isWanted(line))
            {
                continue;
            }

            KeptTree? tree;
            try
            {
                tree = JsonSerializer.Deserialize(line, TreeJson.Default.KeptTree);
            }
            catch (JsonException fault)
            {
                throw Damaged(path, number, fault);
            }

            yield return tree ?? throw Damaged(path, number, null);
        }
    }
}
