using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>A decision as JSON, exactly: arrays are base64 of their little-endian bytes.</summary>
internal static class DecisionState
{
    public static JsonObject Save(RolloutDecision decision)
    {
        var (prompt, rollout, verdict) = (decision.Prompt, decision.Rollout, decision.Verdict);
        return new JsonObject
        {
            ["prompt"] = new JsonObject
            {
                ["index"] = prompt.Index, ["id"] = prompt.Id, ["text"] = prompt.Text, ["tokens"] = Bytes<int>(prompt.TokenIds), ["answer"] = prompt.Answer,
                ["examples"] = Bytes<int>(prompt.Examples),
            },
            ["rollout"] = new JsonObject
            {
                ["index"] = rollout.Index, ["tokens"] = Bytes<int>(rollout.TokenIds), ["log_probs"] = Bytes<float>(rollout.LogProbs),
                ["origins"] = Bytes<TokenOrigin>(rollout.Origins), ["text"] = rollout.Text, ["finish"] = (int)rollout.FinishReason,
                ["version"] = rollout.PolicyVersion,
            },
            ["verdict"] = new JsonObject
            {
                ["status"] = (int)verdict.Status, ["reward"] = Bytes<float>([verdict.Reward]), ["parts"] = Bytes<float>([.. verdict.Parts]),
                ["answer"] = verdict.Answer, ["detail"] = verdict.Detail,
            },
            ["advantage"] = Bytes<float>([decision.Advantage]),
            ["token_advantages"] = decision.TokenAdvantages is { } tokens ? Bytes<float>(tokens) : null,
        };
    }

    public static RolloutDecision Load(JsonNode state)
    {
        var (prompt, rollout, verdict) = (state["prompt"]!, state["rollout"]!, state["verdict"]!);
        return new RolloutDecision(
            new Prompt((int)prompt["index"]!, (string)prompt["id"]!, (string)prompt["text"]!, Array<int>(prompt["tokens"]!), (string)prompt["answer"]!)
            {
                Examples = Array<int>(prompt["examples"]!),
            },
            new Rollout
            {
                Index = (int)rollout["index"]!,
                TokenIds = Array<int>(rollout["tokens"]!),
                LogProbs = Array<float>(rollout["log_probs"]!),
                Origins = Array<TokenOrigin>(rollout["origins"]!),
                Text = (string)rollout["text"]!,
                FinishReason = (FinishReason)(int)rollout["finish"]!,
                PolicyVersion = (long)rollout["version"]!,
            },
            new Verdict((VerdictStatus)(int)verdict["status"]!, Array<float>(verdict["reward"]!)[0], (string?)verdict["answer"], (string?)verdict["detail"])
            {
                Parts = Array<float>(verdict["parts"]!),
            },
            Array<float>(state["advantage"]!)[0],
            RolloutFate.Deferred,
            "")
        {
            TokenAdvantages = state["token_advantages"] is { } tokens ? Array<float>(tokens) : null,
        };
    }

    private static string Bytes<T>(ReadOnlySpan<T> values)
        where T : unmanaged => Convert.ToBase64String(MemoryMarshal.AsBytes(values));

    private static T[] Array<T>(JsonNode node)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Convert.FromBase64String((string)node!)).ToArray();
}
