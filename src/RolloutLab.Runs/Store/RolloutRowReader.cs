using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>From rows of the store to rollouts. What a group's rows have in common is read once.</summary>
/// <param name="contents">What is wanted.</param>
internal sealed class RolloutRowReader(LogContents contents)
{
    /// <summary>Position of the file's name.</summary>
    public const int FileColumn = 0;

    private const int ExamplesColumn = 27;

    private static readonly string[] Always =
    [
        "filename", "file_row_number", "step", "prompt_id", "prompt_index", "prompt", "answer", "prompt_token_ids", "rollout", "finish_reason",
        "status", "reward", "map_values(rewards)", "verdict_answer", "verdict_detail", "advantage", "decision", "reason", "weight",
        "policy_version", "policy_age", "estimate", "parent", "shared_length", "tokens_computed", "tokens_shared", "wall_seconds",
        "example_prompts",
    ];

    private readonly int _text = contents.HasFlag(LogContents.Texts) ? Always.Length : -1;
    private readonly int _tokens = contents.HasFlag(LogContents.Tokens) ? Always.Length + (contents.HasFlag(LogContents.Texts) ? 1 : 0) : -1;
    private readonly Dictionary<int, int[]> _zeros = [];
    private readonly Dictionary<string, string> _words = new(StringComparer.Ordinal);
    private string _file = "";
    private Prompt? _seeded;

    /// <summary>The columns of the query, in the order that this class reads them.</summary>
    public static string ColumnsOf(LogContents contents) => string.Join(", ", (string[])
    [
        .. Always,
        .. contents.HasFlag(LogContents.Texts) ? ["text"] : Array.Empty<string>(),
        .. contents.HasFlag(LogContents.Tokens) ? ["token_ids", "log_probs", "token_origins", "tree"] : Array.Empty<string>(),
    ]);

    /// <summary>Reads a row.</summary>
    public void Add(DuckDbChunk chunk, int row, StepRows step)
    {
        var index = checked((int)chunk.Integer(4, row));
        if (step.Prompt is not { } prompt || prompt.Index != index)
        {
            prompt = new Prompt(index, chunk.Text(3, row), chunk.Text(5, row), chunk.Integers(7, row), chunk.Text(6, row));
            step.Begin(chunk.Integer(2, row), prompt, chunk.Number(21, row), Tree(chunk, row, step));
            _file = step.Path;
        }

        step.Add(Rollout(chunk, row, prompt, SampledFrom(chunk, row, prompt)), Outcome(chunk, row));
    }

    /// <summary>The same question after solved examples; null where it was asked plainly. The rollouts of a round share it.</summary>
    private Prompt? SampledFrom(DuckDbChunk chunk, int row, Prompt plain)
    {
        if (chunk.ListLength(ExamplesColumn, row) == 0)
        {
            return null;
        }

        var seeded = plain with { Text = chunk.Text(5, row), TokenIds = chunk.Integers(7, row), Examples = chunk.Integers(ExamplesColumn, row) };
        if (_seeded is null || _seeded.Index != seeded.Index || _seeded.Text != seeded.Text)
        {
            _seeded = seeded;
        }

        return _seeded;
    }

    private Rollout Rollout(DuckDbChunk chunk, int row, Prompt prompt, Prompt? sampledFrom)
    {
        var computed = chunk.IsNull(24, row) ? -1 : (int)chunk.Integer(24, row);
        return new Rollout
        {
            Index = (int)chunk.Integer(8, row),
            TokenIds = _tokens >= 0 ? chunk.Integers(_tokens, row) : Zeros(chunk, row, computed, sampledFrom ?? prompt),
            LogProbs = _tokens >= 0 ? chunk.Numbers(_tokens + 1, row) : [],
            Origins = _tokens >= 0 ? Array.ConvertAll(chunk.Integers(_tokens + 2, row), o => (TokenOrigin)o) : [],
            Parent = chunk.IsNull(22, row) ? -1 : (int)chunk.Integer(22, row),
            SharedLength = (int)chunk.Integer(23, row),
            TokensComputed = computed,
            SampledFrom = sampledFrom,
            WallSeconds = chunk.IsNull(26, row) ? float.NaN : (float)chunk.Number(26, row),
            Text = _text >= 0 ? chunk.Text(_text, row) : "",
            FinishReason = RolloutNames.ToFinishReason(Word(chunk, 9, row)),
            PolicyVersion = chunk.Integer(19, row),
        };
    }

    private LoggedOutcome Outcome(DuckDbChunk chunk, int row) => new()
    {
        File = _file,
        Row = chunk.Integer(1, row) + 1,
        Verdict = new Verdict(
            RolloutNames.ToStatus(Word(chunk, 10, row)),
            chunk.IsNull(11, row) ? float.NaN : (float)chunk.Number(11, row),
            chunk.TextOrNull(13, row),
            chunk.IsNull(14, row) ? null : Word(chunk, 14, row))
        {
            Parts = chunk.Numbers(12, row),
        },
        Advantage = (float)chunk.Number(15, row),
        Fate = RolloutNames.ToFate(Word(chunk, 16, row)),
        Reason = Word(chunk, 17, row),
        Weight = (float)chunk.Number(18, row),
        PolicyAge = chunk.Integer(20, row),
    };

    private RolloutTree Tree(DuckDbChunk chunk, int row, StepRows step)
    {
        if (_tokens < 0 || chunk.IsNull(_tokens + 3, row))
        {
            return RolloutTree.Empty;
        }

        try
        {
            return TreeLog.TreeOf(chunk.Text(_tokens + 3, row));
        }
        catch (JsonException error)
        {
            throw new RolloutStoreException($"{step.Path}:{chunk.Integer(1, row) + 1}: the tree is damaged; copy the run's file again", error);
        }
    }

    /// <summary>Tokens that nobody looks at, of the right number; shared between rollouts of a length.</summary>
    private int[] Zeros(DuckDbChunk chunk, int row, int computed, Prompt prompt)
    {
        if (computed < 0)
        {
            throw new RolloutStoreException($"{_file}:{chunk.Integer(1, row) + 1}: tokens_computed is null, so its length is not known; replay it with --train");
        }

        var length = computed + (int)chunk.Integer(25, row) - prompt.TokenIds.Length;
        if (!_zeros.TryGetValue(length, out var zeros))
        {
            _zeros[length] = zeros = new int[length];
        }

        return zeros;
    }

    /// <summary>Text of which a log has few different ones: one string for each.</summary>
    private string Word(DuckDbChunk chunk, int column, int row)
    {
        var lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();
        Span<char> buffer = stackalloc char[64];
        return !chunk.TryText(column, row, buffer, out var text) ? chunk.Text(column, row)
            : lookup.TryGetValue(text, out var word) ? word
            : _words[text.ToString()] = text.ToString();
    }
}
