using System.Globalization;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>Puts a prompt set together, row by row: what fits is kept, in memory as long as there is room.</summary>
/// <param name="path">File or pattern, for messages.</param>
/// <param name="files">The files; owned by the set that is made, where it needs them.</param>
/// <param name="format">What their rows say.</param>
/// <param name="tokenizer">Makes token ids.</param>
/// <param name="options">Limits.</param>
internal sealed class PromptSetBuilder(string path, RowFiles files, IPromptFormat format, ITokenizer tokenizer, PromptSetOptions options)
{
    // An object each for prompt, id, text, answer and token ids.
    private const int BytesOfObjects = 160;

    private readonly string _root = files.Paths.Count > 1 ? FilePattern.Root(path) : "";
    private readonly List<Prompt> _resident = [];
    private StreamedPrompts? _streamed;
    private IdIndex? _ids;
    private long _bytes;
    private long _rows;
    private int _cramped;
    private (int TooLong, int WithoutPrompt, int WithoutAnswer) _dropped;
    private (int Shortest, int Longest, long Sum) _tokens = (int.MaxValue, 0, 0);

    /// <summary>Prompts so far.</summary>
    public int Count => Streamed.Count;

    private StreamedPrompts Streamed => _streamed ??= new StreamedPrompts(files, Read);

    private IdIndex Ids => _ids ??= new IdIndex(index => Kept(index).Id);

    private bool IsResident => _resident.Count == Count;

    /// <summary>Adds a row, or counts it as left out.</summary>
    /// <exception cref="DataException">It is unusable, or may not be left out.</exception>
    public void Add(JsonlRow row, RowPlace place)
    {
        _rows++;
        var fields = format.Read(row);
        if (fields.Text.Length == 0 || fields.Answer.Length == 0)
        {
            DropIncomplete(row, fields);
            return;
        }

        var tokenIds = Encode(row, fields.Text);
        if (tokenIds.Length > options.MaxPromptTokens)
        {
            DropOverlong(row, tokenIds.Length);
            return;
        }

        var prompt = Prompt(row, fields, tokenIds, Count);
        if (Ids.Add(prompt.Id) is var earlier and >= 0)
        {
            throw row.Error($"id '{prompt.Id}' was used before, in line {Streamed.PlaceOf(earlier).Line}{Elsewhere(place, earlier)}; ids must be unique");
        }

        _cramped += tokenIds.Length > options.RoomyTokens ? 1 : 0;
        Keep(prompt);
        Streamed.Add(place);
        _tokens = (Math.Min(_tokens.Shortest, tokenIds.Length), Math.Max(_tokens.Longest, tokenIds.Length), _tokens.Sum + tokenIds.Length);
    }

    /// <summary>The set.</summary>
    /// <exception cref="DataException">It has no prompt.</exception>
    public PromptSet Finish(string name)
    {
        var summary = new PromptSetSummary
        {
            Rows = _rows,
            Prompts = Count,
            TooLong = _dropped.TooLong,
            WithoutPrompt = _dropped.WithoutPrompt,
            WithoutAnswer = _dropped.WithoutAnswer,
            Cramped = _cramped,
            IsStreamed = !IsResident,
            ShortestTokens = Count == 0 ? 0 : _tokens.Shortest,
            LongestTokens = _tokens.Longest,
            Tokens = _tokens.Sum,
        };
        if (Count == 0)
        {
            throw new DataException(_rows == 0 ? $"{path}: has no prompts" : $"{path}: all {_rows} rows are left out: {summary.Reasons(options.MaxPromptTokens)}; raise the limit, or look at the columns");
        }

        Streamed.Trim();
        _ids = null;
        IReadOnlyList<Prompt> prompts = Streamed;
        if (IsResident)
        {
            Streamed.Dispose();
            prompts = _resident;
        }

        return new PromptSet(name, prompts) { Summary = summary };
    }

    private Prompt Kept(int index) => IsResident ? _resident[index] : Streamed[index];

    private void Keep(Prompt prompt)
    {
        if (!IsResident)
        {
            return;
        }

        _bytes += BytesOfObjects + (2L * (prompt.Text.Length + prompt.Answer.Length + prompt.Id.Length + (prompt.Extra?.Length ?? 0))) + (4L * prompt.TokenIds.Length);
        if (_bytes <= options.ResidentBytes)
        {
            _resident.Add(prompt);
        }
        else
        {
            _resident.Clear();
            _resident.TrimExcess();
        }
    }

    private Prompt Read(JsonlRow row, int index)
    {
        var fields = format.Read(row);
        return Prompt(row, fields, Encode(row, fields.Text), index);
    }

    private int[] Encode(JsonlRow row, string text) => row.Encode(tokenizer, text, "prompt", standsAlone: !format.RendersChats);

    private Prompt Prompt(JsonlRow row, PromptFields fields, int[] tokenIds, int index) =>
        new(index, fields.Id ?? NameOf(row), fields.Text, tokenIds, fields.Answer) { Extra = fields.Extra };

    /// <summary>The line's number, after the file's name where there are several.</summary>
    private string NameOf(JsonlRow row)
    {
        var line = row.Line.ToString(CultureInfo.InvariantCulture);
        return files.Paths.Count == 1 ? line : $"{row.Path[_root.Length..]}:{line}";
    }

    private string Elsewhere(RowPlace place, int earlier) =>
        Streamed.PlaceOf(earlier).File is var file && file != place.File ? $" of {files.Paths[file]}" : "";

    private void DropIncomplete(JsonlRow row, PromptFields fields)
    {
        if (options.Incomplete == DropPolicy.Error)
        {
            throw row.Error($"{fields.Missing ?? "the prompt is empty"}; mend the row, or set 'incomplete: skip' to leave such rows out");
        }

        if (fields.Text.Length == 0)
        {
            _dropped.WithoutPrompt++;
        }
        else
        {
            _dropped.WithoutAnswer++;
        }
    }

    private void DropOverlong(JsonlRow row, int length)
    {
        if (options.Overlong == DropPolicy.Error)
        {
            throw row.Error(
                $"the prompt has {length} tokens, more than the limit of {options.MaxPromptTokens}; "
                + "raise the limit, remove the line, or set 'overlong: skip'");
        }

        _dropped.TooLong++;
    }
}
