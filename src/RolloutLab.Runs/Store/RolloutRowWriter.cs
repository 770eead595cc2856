using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>Puts the rollouts of a step into a table's columns.</summary>
/// <param name="run">Name of the run, in every row.</param>
/// <param name="rewardNames">Names of the parts of a reward that has several.</param>
internal sealed class RolloutRowWriter(string run, IReadOnlyList<string> rewardNames)
{
    private static readonly string[] OnlyPart = ["verifier"];

    /// <summary>Appends a step.</summary>
    public void Append(DuckDbAppender rows, StoredStep step)
    {
        var groups = new Dictionary<int, GroupRow>();
        var decisions = step.Decisions.ToLookup(d => d.Prompt.Index);
        for (var g = 0; g < step.Groups.Count; g++)
        {
            var group = step.Groups[g];
            groups.Add(group.Prompt.Index, new GroupRow(g, step.Estimates[g], group.Rollouts.Count, Tree(step.Step, group, decisions[group.Prompt.Index])));
        }

        foreach (var decision in step.Decisions)
        {
            var group = groups[decision.Prompt.Index];
            AddPrompt(rows, step.Step, group.Index, decision.Prompt);
            AddRollout(rows, decision.Rollout);
            AddVerdict(rows, decision.Verdict);
            AddDecision(rows, decision);
            AddCost(rows, decision, group);
            rows.EndRow();
            groups[decision.Prompt.Index] = group with { Tree = null };
        }
    }

    /// <summary>The group's tree as <c>trees.jsonl</c> has it; null where every rollout started at the prompt.</summary>
    private static string? Tree(long step, RolloutGroup group, IEnumerable<RolloutDecision> decisions) => group.Tree.Branches.Count == 0
        ? null
        : TreeLog.ToLine(TreeLog.Of(step, new GradedGroup(group, [.. decisions.Select(d => d.Verdict)])));

    private void AddPrompt(DuckDbAppender rows, long step, int group, Prompt prompt)
    {
        rows.Add((long?)RolloutSchema.Version);
        rows.Add(run);
        rows.Add((long?)step);
        rows.Add((long?)group);
        rows.Add(prompt.Id);
        rows.Add((long?)prompt.Index);
        rows.Add(prompt.Text);
        rows.Add(prompt.Answer);
        rows.Add(prompt.TokenIds.AsSpan());
    }

    private static void AddRollout(DuckDbAppender rows, Rollout rollout)
    {
        rows.Add((long?)rollout.Index);
        rows.Add(rollout.TokenIds.AsSpan());
        rows.Add(rollout.LogProbs.AsSpan());
        rows.Add(Array.ConvertAll(rollout.Origins, o => (int)o).AsSpan());
        rows.Add(rollout.Text);
        rows.Add(RolloutNames.Of(rollout.FinishReason));
    }

    private void AddVerdict(DuckDbAppender rows, Verdict verdict)
    {
        rows.Add(RolloutNames.Of(verdict.Status));
        rows.Add(float.IsNaN(verdict.Reward) ? null : (double?)verdict.Reward);
        rows.Add(Rewards(verdict));
        rows.Add(verdict.Answer);
        rows.Add(verdict.Detail);
    }

    private KeyValuePair<string, float>[] Rewards(Verdict verdict) => float.IsNaN(verdict.Reward) ? []
        : verdict.Parts.Count == 0 ? [KeyValuePair.Create(OnlyPart[0], verdict.Reward)]
        : [.. rewardNames.Zip(verdict.Parts, KeyValuePair.Create)];

    private static void AddDecision(DuckDbAppender rows, RolloutDecision decision)
    {
        rows.Add((double?)decision.Advantage);
        rows.Add(RolloutNames.Of(decision.Fate));
        rows.Add(decision.Reason);
        rows.Add((double?)decision.Weight);
        rows.Add((long?)decision.Rollout.PolicyVersion);
        rows.Add((long?)decision.PolicyAge);
    }

    private static void AddCost(DuckDbAppender rows, RolloutDecision decision, GroupRow group)
    {
        var rollout = decision.Rollout;
        var computed = rollout.TokensComputed < 0 ? (long?)null : rollout.TokensComputed;
        rows.Add((double?)group.Estimate);
        rows.Add((long?)group.Budget);
        rows.Add(rollout.Parent < 0 ? null : (long?)rollout.Parent);
        rows.Add((long?)rollout.SharedLength);
        rows.Add(decision.Prompt.Examples.AsSpan());
        rows.Add(computed);
        rows.Add(decision.Prompt.TokenIds.Length + rollout.Length - computed);
        rows.Add(float.IsNaN(rollout.WallSeconds) ? null : (double?)rollout.WallSeconds);
        rows.Add(group.Tree);
    }

    /// <summary>What a group's rows have in common; the tree goes into the first of them.</summary>
    private readonly record struct GroupRow(int Index, double Estimate, int Budget, string? Tree);
}
