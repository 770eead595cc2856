using System.Globalization;
using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary>Reads and checks one rollout of a parity batch.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="index">Its place in the list, from 0.</param>
/// <param name="element">The rollout.</param>
/// <param name="unread">Gets the keys that mean nothing here.</param>
/// <param name="rewardWeights">Weight of each entry of <c>rewards</c>; empty for 1 each.</param>
internal sealed class ParityRolloutReader(
    string path, int index, JsonElement element, ISet<string> unread, IReadOnlyList<double> rewardWeights)
{
    private static readonly string[] Keys =
    [
        "id", "group", "prompt", "prompt_id", "reward", "rewards", "advantage", "correct", "baseline", "agent", "path", "logprobs", "old_logprobs",
        "rollout_logprobs", "ref_logprobs", "mask", "entropy", "squared_probs",
    ];

    private string _name = index.ToString(CultureInfo.InvariantCulture);
    private int _length = -1;

    public ParityRollout Read()
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("must be an object with group, reward, logprobs, ...");
        }

        _name = Word("id") ?? _name;
        CheckKeys();
        var group = Word("group") ?? throw Wrong("group is missing; name the group whose baseline it shares");
        var logProbs = Array("logprobs") ?? throw Wrong("logprobs is missing; give the policy's log-prob of each token");
        var (first, length) = Trained();
        var rewards = Rewards();
        return new ParityRollout
        {
            Name = _name,
            Group = group,
            Prompt = Word("prompt_id") ?? Word("prompt"),
            Reward = Has("reward") ? Reward(element.GetProperty("reward"), "reward") : Total(rewards),
            HasRewardKey = element.TryGetProperty("reward", out _),
            Rewards = rewards,
            Advantage = Has("advantage") ? Finite("advantage") : null,
            IsCorrect = Has("correct") ? Flag("correct") : null,
            Baseline = Has("baseline") ? Finite("baseline") : null,
            Agent = Word("agent") ?? "",
            Path = Path(),
            LogProbs = logProbs,
            OldLogProbs = Array("old_logprobs"),
            RolloutLogProbs = Array("rollout_logprobs"),
            RefLogProbs = Array("ref_logprobs"),
            Entropy = Array("entropy"),
            SquaredProbs = Array("squared_probs"),
            First = first,
            Length = length,
        };
    }

    private DataException Wrong(string problem) => new($"{path}: rollout {_name}: {problem}");

    private bool Has(string key) => element.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>A misspelt key would be missed in silence; one that is like none of ours may well be the user's own.</summary>
    private void CheckKeys()
    {
        foreach (var key in element.EnumerateObject().Select(p => p.Name).Where(k => !Keys.Contains(k)))
        {
            if (NearestName.Find(key, Keys) is { } nearest && !Has(nearest))
            {
                throw Wrong($"unknown key {key}; did you mean {nearest}?");
            }

            unread.Add(key);
        }
    }

    private string? Word(string key) => !element.TryGetProperty(key, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Null => null,
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False or JsonValueKind.Array => value.GetRawText(),
        _ => throw Wrong($"{key} must be text or a number"),
    };

    private bool Flag(string key) => element.GetProperty(key).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong($"{key} must be true or false"),
    };

    /// <summary>A reward: null and NaN say that there is none.</summary>
    private double Reward(JsonElement value, string where)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            return double.NaN;
        }

        return JsonNumbers.TryRead(value, out var number) && !double.IsInfinity(number)
            ? number
            : throw Wrong($"{where} must be a finite number, or null for no verdict");
    }

    private double Finite(string key) => JsonNumbers.TryRead(element.GetProperty(key), out var value) && double.IsFinite(value)
        ? value
        : throw Wrong($"{key} must be a finite number");

    private double[] Rewards()
    {
        if (!Has("rewards"))
        {
            return [];
        }

        var value = element.GetProperty("rewards");
        double[] rewards = value.ValueKind switch
        {
            JsonValueKind.Array => [.. value.EnumerateArray().Select((e, k) => Reward(e, $"rewards[{k}]"))],
            JsonValueKind.Object => [.. value.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => Reward(p.Value, $"rewards.{p.Name}"))],
            _ => throw Wrong("rewards must be a list of numbers, or an object of them by name"),
        };
        return rewardWeights.Count == 0 || rewardWeights.Count == rewards.Length
            ? rewards
            : throw Wrong($"it has {rewards.Length} rewards, --reward-weights has {rewardWeights.Count}; give one weight for each");
    }

    private double Total(double[] rewards) => rewards.All(double.IsNaN)
        ? double.NaN
        : rewards.Select((r, k) => double.IsNaN(r) ? 0 : r * (rewardWeights.Count == 0 ? 1 : rewardWeights[k])).Sum();

    private int[]? Path()
    {
        if (!Has("path"))
        {
            return null;
        }

        var value = element.GetProperty("path");
        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out _))
            ? [.. value.EnumerateArray().Select(e => e.GetInt32())]
            : throw Wrong("path must be a list of whole numbers: the branch taken at each fork, or token ids");
    }

    private double[]? Array(string key)
    {
        if (!Has(key))
        {
            return null;
        }

        var value = element.GetProperty(key);
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Wrong($"{key} must be a list with one number a token");
        }

        var numbers = new double[CheckedLength(key, value)];
        var position = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (!JsonNumbers.TryRead(item, out numbers[position]))
            {
                throw Wrong($"{key}[{position}] is {item.GetRawText()}; it must be a number");
            }

            if (!double.IsFinite(numbers[position]))
            {
                throw Wrong($"{key}[{position}] is {numbers[position].ToString(CultureInfo.InvariantCulture)}; it must be finite");
            }

            position++;
        }

        return numbers;
    }

    private int CheckedLength(string key, JsonElement value)
    {
        var count = value.GetArrayLength();
        _length = _length < 0 ? count : _length;
        return count == _length
            ? count
            : throw Wrong($"{key} has {count} entries, logprobs has {_length}: position {Math.Min(count, _length)} is in one of them only; all lists need one entry a token");
    }

    /// <summary>Where the trained tokens begin, and how many they are.</summary>
    private (int First, int Length) Trained()
    {
        if (!Has("mask"))
        {
            return (0, _length);
        }

        var value = element.GetProperty("mask");
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Wrong("mask must be a list of 0 and 1");
        }

        CheckedLength("mask", value);
        var (first, end, position) = (-1, -1, 0);
        foreach (var item in value.EnumerateArray())
        {
            if (IsTrained(item, position))
            {
                if (end >= 0 && position > end)
                {
                    throw Wrong($"mask[{end}] is a hole: tokens before and after it are trained; trained tokens must stand side by side");
                }

                (first, end) = (first < 0 ? position : first, position + 1);
            }

            position++;
        }

        return first < 0 ? (0, 0) : (first, end - first);
    }

    private bool IsTrained(JsonElement item, int position) => item.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ when JsonNumbers.TryRead(item, out var number) && number is 0 or 1 => number == 1,
        _ => throw Wrong($"mask[{position}] is {item.GetRawText()}; it must be 0 or 1"),
    };
}
