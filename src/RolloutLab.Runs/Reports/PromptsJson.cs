using System.Text.Json;

namespace RolloutLab.Runs;

/// <summary>The prompts of a report as the data of its script.</summary>
internal static class PromptsJson
{
    public static void Write(Utf8JsonWriter json, IReadOnlyList<ReportedPrompt> prompts)
    {
        json.WriteStartArray();
        foreach (var prompt in prompts)
        {
            json.WriteStartObject();
            json.WriteString("id", prompt.Id);
            json.WriteString("text", prompt.Text);
            json.WriteNumber("steps", prompt.Totals.Steps.Count);
            json.WriteNumber("rollouts", prompt.Totals.Rollouts);
            json.WriteNumber("correct", prompt.Totals.Correct);
            json.WriteNumber("tokens", prompt.Totals.Tokens);
            json.WriteStartArray("groups");
            foreach (var group in prompt.Groups)
            {
                Write(json, group);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, ReportedGroup group)
    {
        json.WriteStartObject();
        json.WriteNumber("step", group.Step);
        json.WriteStartArray("rollouts");
        foreach (var rollout in group.Rollouts)
        {
            json.WriteStartObject();
            json.WriteNumber("index", rollout.Index);
            json.WriteString("status", rollout.Status);
            Write(json, "reward", rollout.Reward);
            Write(json, "advantage", rollout.Advantage);
            json.WriteNumber("length", rollout.Length);
            json.WriteString("finish", rollout.FinishReason);
            json.WriteString("decision", rollout.Decision);
            json.WriteString("text", rollout.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (group.Tree is { } tree && tree.Branches.Any(b => b.Parent >= 0 || b.RemovedFor is not null))
        {
            json.WriteStartArray("tree");
            foreach (var branch in tree.Branches)
            {
                Write(json, branch);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, KeptBranch branch)
    {
        json.WriteStartObject();
        json.WriteNumber("parent", branch.Parent);
        json.WriteNumber("fork", branch.ForkPosition);
        Write(json, "probability", branch.ForkProbability);
        json.WriteString("kind", branch.Kind);
        json.WriteNumber("length", branch.Length);
        json.WriteString("removed", branch.RemovedFor);
        json.WriteString("status", branch.Status);
        json.WriteString("text", branch.Text);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number))
        {
            json.WriteNumber(name, (float)number);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
