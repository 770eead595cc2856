using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>From rows of the store to rollouts. What a group's rows have in common is read once, and only the columns that are wanted are asked for.</summary>
internal sealed class RolloutRowReader
{
    /// <summary>Position of the file's place in the query.</summary>
    public const int FileColumn = 0;

    /// <summary>Different short texts that are kept; beyond, each row gets a text of its own.</summary>
    private const int MostWords = 4096;

    private readonly List<string> _columns = ["file_index"];
    private readonly int _step, _promptId, _promptIndex, _rollout, _finish, _advantage, _decision, _reason, _weight;
    private readonly int _version, _age, _estimate, _parent, _shared, _computed, _others, _seconds, _examples, _promptLength;
    private readonly int _prompt, _answer, _promptTokens, _text, _tokens, _logProbs, _origins, _tree;
    private readonly int _status, _reward, _parts, _found, _detail;
    private readonly CodedColumn<FinishReason> _finishReasons = new(RolloutNames.ToFinishReason);
    private readonly CodedColumn<RolloutFate> _fates = new(RolloutNames.ToFate);
    private readonly CodedColumn<VerdictStatus> _statuses = new(RolloutNames.ToStatus);
    private readonly CodedColumn<string> _reasons = new(reason => reason);
    private readonly Dictionary<int, int[]> _zeros = [];
    private readonly Dictionary<string, string> _words = new(StringComparer.Ordinal);
    private Prompt? _seeded;

    /// <param name="contents">What is wanted.</param>
    public RolloutRowReader(LogContents contents)
    {
        var (texts, tokens, verdicts) = (contents.HasFlag(LogContents.Texts), contents.HasFlag(LogContents.Tokens), contents.HasFlag(LogContents.Verdicts));
        var record = contents.HasFlag(LogContents.Record);
        (_step, _promptId, _promptIndex) = (Ask("step"), Ask("prompt_id"), Ask("prompt_index"));
        (_rollout, _finish, _version, _computed, _others) = (Ask("rollout"), Ask("finish_reason"), Ask("policy_version"), Ask("tokens_computed"), Ask("tokens_shared"));
        (_advantage, _decision, _examples, _promptLength) = (Ask("advantage"), Ask("decision"), Ask("example_prompts"), Ask("len(prompt_token_ids)"));
        (_reason, _weight, _age, _estimate) = record ? (Ask("reason"), Ask("weight"), Ask("policy_age"), Ask("estimate")) : (-1, -1, -1, -1);
        (_parent, _shared, _seconds) = record ? (Ask("parent"), Ask("shared_length"), Ask("wall_seconds")) : (-1, -1, -1);
        (_prompt, _answer, _text) = texts ? (Ask("prompt"), Ask("answer"), Ask("text")) : (-1, -1, -1);
        (_promptTokens, _tokens, _origins, _tree) = tokens
            ? (Ask("prompt_token_ids"), Ask("token_ids"), Ask("token_origins"), Ask("tree"))
            : (-1, -1, -1, -1);
        _logProbs = contents.HasFlag(LogContents.LogProbs) ? Ask("log_probs") : -1;
        (_status, _reward, _parts, _found, _detail) = verdicts
            ? (Ask("status"), Ask("reward"), Ask("map_values(rewards)"), Ask("verdict_answer"), Ask("verdict_detail"))
            : (-1, -1, -1, -1, -1);
    }

    /// <summary>The columns of the query, in the order that this class reads them.</summary>
    public string Columns => string.Join(", ", _columns);

    /// <summary>Reads the rows of a chunk from one on, up to the end of their file.</summary>
    /// <param name="chunk">The chunk.</param>
    /// <param name="row">The first row.</param>
    /// <param name="step">Gets the rows.</param>
    /// <returns>The row after the last that was read.</returns>
    public int AddFile(DuckDbChunk chunk, int row, StepRows step)
    {
        var file = chunk.Integer(FileColumn, row);
        do
        {
            Add(chunk, row++, step);
        }
        while (row < chunk.RowCount && chunk.Integer(FileColumn, row) == file);
        return row;
    }

    private void Add(DuckDbChunk chunk, int row, StepRows step)
    {
        var index = checked((int)chunk.Integer(_promptIndex, row));
        if (step.Prompt is not { } prompt || prompt.Index != index)
        {
            prompt = PromptOf(chunk, row, index);
            step.Begin(chunk.Integer(_step, row), prompt, _estimate < 0 ? double.NaN : chunk.Number(_estimate, row), Tree(chunk, row, step));
        }

        step.Add(Rollout(chunk, row, prompt, SampledFrom(chunk, row, prompt), step), Outcome(chunk, row, step));
    }

    private int Ask(string column)
    {
        _columns.Add(column);
        return _columns.Count - 1;
    }

    /// <summary>The prompt of a row. Without tokens, it has as many that nobody looks at.</summary>
    private Prompt PromptOf(DuckDbChunk chunk, int row, int index) => new(
        index,
        chunk.Text(_promptId, row),
        _prompt >= 0 ? chunk.Text(_prompt, row) : "",
        _promptTokens >= 0 ? chunk.Integers(_promptTokens, row) : Zeros((int)chunk.Integer(_promptLength, row)),
        _answer >= 0 ? chunk.Text(_answer, row) : "");

    /// <summary>The same question after solved examples; null where it was asked plainly. The rollouts of a round share it.</summary>
    private Prompt? SampledFrom(DuckDbChunk chunk, int row, Prompt plain)
    {
        if (chunk.ListLength(_examples, row) == 0)
        {
            return null;
        }

        var seeded = PromptOf(chunk, row, plain.Index) with { Examples = chunk.Integers(_examples, row) };
        if (_seeded is null || _seeded.Index != seeded.Index || _seeded.Text != seeded.Text || !_seeded.Examples.AsSpan().SequenceEqual(seeded.Examples))
        {
            _seeded = seeded;
        }

        return _seeded;
    }

    private Rollout Rollout(DuckDbChunk chunk, int row, Prompt prompt, Prompt? sampledFrom, StepRows step)
    {
        var computed = chunk.IsNull(_computed, row) ? -1 : (int)chunk.Integer(_computed, row);
        return new Rollout
        {
            Index = (int)chunk.Integer(_rollout, row),
            TokenIds = _tokens >= 0 ? chunk.Integers(_tokens, row) : Zeros(chunk, row, computed, sampledFrom ?? prompt, step),
            LogProbs = _logProbs >= 0 ? chunk.Numbers(_logProbs, row) : [],
            Origins = _origins < 0 || chunk.ListLength(_origins, row) == 0 ? [] : Array.ConvertAll(chunk.Integers(_origins, row), o => (TokenOrigin)o),
            Parent = _parent < 0 || chunk.IsNull(_parent, row) ? -1 : (int)chunk.Integer(_parent, row),
            SharedLength = _shared < 0 ? 0 : (int)chunk.Integer(_shared, row),
            TokensComputed = computed,
            SampledFrom = sampledFrom,
            WallSeconds = _seconds < 0 || chunk.IsNull(_seconds, row) ? float.NaN : (float)chunk.Number(_seconds, row),
            Text = _text >= 0 ? chunk.Text(_text, row) : "",
            FinishReason = _finishReasons.Of(chunk, _finish, row),
            PolicyVersion = chunk.Integer(_version, row),
        };
    }

    private LoggedOutcome Outcome(DuckDbChunk chunk, int row, StepRows step) => new()
    {
        File = step.Path,
        Row = step.Row + 1,
        Verdict = _status < 0 ? null : new Verdict(
            _statuses.Of(chunk, _status, row),
            chunk.IsNull(_reward, row) ? float.NaN : (float)chunk.Number(_reward, row),
            chunk.IsNull(_found, row) ? null : Word(chunk, _found, row),
            chunk.IsNull(_detail, row) ? null : Word(chunk, _detail, row))
        {
            Parts = chunk.Numbers(_parts, row),
        },
        Advantage = (float)chunk.Number(_advantage, row),
        Fate = _fates.Of(chunk, _decision, row),
        Reason = _reason < 0 ? null : _reasons.Of(chunk, _reason, row),
        Weight = _weight < 0 ? 1 : (float)chunk.Number(_weight, row),
        PolicyAge = _age < 0 ? 0 : chunk.Integer(_age, row),
    };

    private RolloutTree Tree(DuckDbChunk chunk, int row, StepRows step)
    {
        if (_tree < 0 || chunk.IsNull(_tree, row))
        {
            return RolloutTree.Empty;
        }

        try
        {
            return TreeLog.TreeOf(chunk.Text(_tree, row));
        }
        catch (JsonException error)
        {
            throw new RolloutStoreException($"{step.Path}:{step.Row + 1}: the tree is damaged; copy the run's file again", error);
        }
    }

    private int[] Zeros(DuckDbChunk chunk, int row, int computed, Prompt prompt, StepRows step) => computed >= 0
        ? Zeros(computed + (int)chunk.Integer(_others, row) - prompt.TokenIds.Length)
        : throw new RolloutStoreException($"{step.Path}:{step.Row + 1}: tokens_computed is null, so its length is not known; replay it with --train");

    /// <summary>Tokens that nobody looks at, of the right number; shared between all of a length.</summary>
    private int[] Zeros(int length)
    {
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
            : _words.Count < MostWords ? _words[text.ToString()] = text.ToString()
            : text.ToString();
    }
}
