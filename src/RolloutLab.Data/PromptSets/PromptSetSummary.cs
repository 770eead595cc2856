using System.Globalization;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>What came of the rows of a prompt set.</summary>
public sealed record PromptSetSummary
{
    /// <summary>Rows that were read.</summary>
    public required long Rows { get; init; }

    /// <summary>Rows that became prompts.</summary>
    public required int Prompts { get; init; }

    /// <summary>Rows left out because the prompt has more tokens than the limit.</summary>
    public int TooLong { get; init; }

    /// <summary>Rows left out because the prompt is null or empty.</summary>
    public int WithoutPrompt { get; init; }

    /// <summary>Rows left out because the answer is null or empty.</summary>
    public int WithoutAnswer { get; init; }

    /// <summary>Prompts of more than <see cref="PromptSetOptions.RoomyTokens"/>.</summary>
    public int Cramped { get; init; }

    /// <summary>Whether prompts are read when they are asked for, being too many to keep in memory.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>Tokens of the shortest prompt.</summary>
    public required int ShortestTokens { get; init; }

    /// <summary>Tokens of the longest prompt.</summary>
    public required int LongestTokens { get; init; }

    /// <summary>Tokens of all prompts.</summary>
    public required long Tokens { get; init; }

    /// <summary>Rows left out.</summary>
    public int Dropped => TooLong + WithoutPrompt + WithoutAnswer;

    /// <summary>The summary of prompts that were made in memory.</summary>
    public static PromptSetSummary Of(IReadOnlyList<Prompt> prompts)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        return new PromptSetSummary
        {
            Rows = prompts.Count,
            Prompts = prompts.Count,
            ShortestTokens = prompts.Min(p => p.TokenIds.Length),
            LongestTokens = prompts.Max(p => p.TokenIds.Length),
            Tokens = prompts.Sum(p => (long)p.TokenIds.Length),
        };
    }

    /// <summary>
    /// One line, such as <c>7,473 rows, 7,400 prompts of 23 to 1,021 tokens (mean 187); left out: 70 longer than 1,024 tokens, 3
    /// without an answer</c>.
    /// </summary>
    /// <param name="limit">The longest prompt allowed, in tokens.</param>
    public string Describe(int limit)
    {
        var culture = CultureInfo.InvariantCulture;
        var kept = string.Create(culture, $"{Rows:#,0} rows, {Prompts:#,0} prompts of {ShortestTokens:#,0} to {LongestTokens:#,0} tokens (mean {(double)Tokens / Math.Max(1, Prompts):#,0}){(IsStreamed ? ", read as they are needed" : "")}");
        return Dropped == 0 ? kept : $"{kept}; left out: {Reasons(limit)}";
    }

    /// <summary>How many rows were left out for which reason.</summary>
    /// <param name="limit">The longest prompt allowed, in tokens.</param>
    public string Reasons(int limit)
    {
        var culture = CultureInfo.InvariantCulture;
        var reasons = new List<string>();
        Add(TooLong, $"longer than {limit.ToString("#,0", culture)} tokens");
        Add(WithoutPrompt, "without a prompt");
        Add(WithoutAnswer, "without an answer");
        return string.Join(", ", reasons);

        void Add(int count, string reason)
        {
            if (count > 0)
            {
                reasons.Add($"{count.ToString("#,0", culture)} {reason}");
            }
        }
    }
}
