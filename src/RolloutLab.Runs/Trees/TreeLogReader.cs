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
        foreach (var tree in FileFault.Guard("read", path, () => Read(path)))
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

    private static IEnumerable<KeptTree> Read(string path)
    {
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            KeptTree? tree;
            try
            {
                tree = JsonSerializer.Deserialize(line, TreeJson.Default.KeptTree);
            }
            catch (JsonException fault)
            {
                throw new RunException($"{path}:{number}: not a kept tree; the file is damaged or was written by another version", fault);
            }

            if (tree is not null)
            {
                yield return tree;
            }
        }
    }
}
