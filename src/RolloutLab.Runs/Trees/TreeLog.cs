using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>
/// The trees that a run keeps: one <see cref="KeptTree"/> a line as JSON with names in snake_case. A group whose
/// rollouts each started at the prompt is a tree of roots.
/// </summary>
public sealed class TreeLog : IDisposable
{
    private readonly JsonLinesFile _file;

    /// <summary>Opens the log for appending, creating the file when it is not there.</summary>
    /// <param name="path">The file, <c>trees.jsonl</c> in a run directory.</param>
    /// <exception cref="RunException">The file cannot be opened.</exception>
    public TreeLog(string path) => _file = new JsonLinesFile(path);

    /// <summary>Writes one group's tree.</summary>
    /// <exception cref="RunException">The file system refused; the file ends with the row before.</exception>
    public void Append(long step, GradedGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        var kept = Of(step, group);
        _file.Append(row =>
        {
            using var document = JsonSerializer.SerializeToDocument(kept, TreeJson.Default.KeptTree);
            foreach (var member in document.RootElement.EnumerateObject())
            {
                member.WriteTo(row);
            }
        });
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>A kept tree as one line of JSON.</summary>
    internal static string ToLine(KeptTree tree) => JsonSerializer.Serialize(tree, TreeJson.Default.KeptTree);

    /// <summary>The tree that a line of JSON holds.</summary>
    /// <exception cref="JsonException">It is not one.</exception>
    internal static RolloutTree TreeOf(string line)
    {
        var kept = JsonSerializer.Deserialize(line, TreeJson.Default.KeptTree) ?? throw new JsonException("empty");
        return new RolloutTree(
            [
                .. kept.Branches.Select(b => new TreeBranch
                {
                    Parent = b.Parent,
                    ForkPosition = b.ForkPosition,
                    ForkProbability = b.ForkProbability ?? float.NaN,
                    Kind = KindOf(b.Kind),
                    Length = b.Length,
                    RemovedFor = b.RemovedFor,
                    Rollout = b.Rollout,
                    Text = b.Text,
                }),
            ],
            kept.Suppressed,
            kept.SaturatedAt);
    }

    /// <summary>What is kept of a group.</summary>
    public static KeptTree Of(long step, GradedGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        var (prompt, rollouts, tree) = (group.Group.Prompt, group.Group.Rollouts, RolloutTree.OfGroup(group.Group));
        var places = rollouts.Select((rollout, place) => (rollout.Index, place)).ToDictionary(p => p.Index, p => p.place);
        return new KeptTree
        {
            Step = step,
            PromptId = prompt.Id,
            Prompt = prompt.Text,
            Suppressed = tree.Suppressed,
            SaturatedAt = tree.SaturatedAt,
            Branches = [.. tree.Branches.Select(b => Keep(b, b.Rollout < 0 ? null : group.Verdicts[places[b.Rollout]]))],
        };
    }

    private static KeptBranch Keep(TreeBranch branch, Verdict? verdict) => new()
    {
        Parent = branch.Parent,
        ForkPosition = branch.ForkPosition,
        ForkProbability = float.IsNaN(branch.ForkProbability) ? null : branch.ForkProbability,
        Kind = NameOf(branch.Kind),
        Length = branch.Length,
        RemovedFor = branch.RemovedFor,
        Rollout = branch.Rollout,
        Reward = verdict is null || !float.IsFinite(verdict.Reward) ? null : verdict.Reward,
        Status = verdict is null ? null : RolloutNames.Of(verdict.Status),
        Answer = verdict?.Answer,
        Text = branch.Text,
    };

    private static BranchKind KindOf(string name) => name switch
    {
        "root" => BranchKind.Root,
        "forced" => BranchKind.Forced,
        "sampled" => BranchKind.Sampled,
        "fill" => BranchKind.Fill,
        _ => throw new JsonException($"'{name}' is not a kind of branch"),
    };

    private static string NameOf(BranchKind kind) => kind switch
    {
        BranchKind.Root => "root",
        BranchKind.Forced => "forced",
        BranchKind.Sampled => "sampled",
        BranchKind.Fill => "fill",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of branch."),
    };
}
