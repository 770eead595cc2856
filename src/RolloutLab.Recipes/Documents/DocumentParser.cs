using RolloutLab.Core;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace RolloutLab.Recipes;

/// <summary>
/// Reads YAML text into nodes that know their lines. Recipes are plain data: anchors, aliases, tags, several documents
/// and deep nesting are refused, so a hostile file costs no more than its own length.
/// </summary>
internal sealed class DocumentParser
{
    /// <summary>Most sections and lists inside each other.</summary>
    public const int MaxDepth = 32;

    private readonly Parser _events;
    private readonly string _source;
    private readonly string _baseFolder;
    private readonly bool _hasLines;
    private readonly RecipeErrors _errors;

    private DocumentParser(string text, string source, string baseFolder, RecipeErrors errors)
    {
        _events = new Parser(new StringReader(text));
        _source = source;
        _baseFolder = baseFolder;
        _hasLines = source != SourceLocation.CommandLine;
        _errors = errors;
    }

    /// <summary>
    /// Reads one document. Duplicate keys are reported to <paramref name="errors"/> and their first value kept.
    /// </summary>
    /// <param name="text">The YAML text.</param>
    /// <param name="source">How messages name the text.</param>
    /// <param name="baseFolder">Absolute folder that its relative paths start from.</param>
    /// <param name="errors">Collects what is wrong but does not stop the reading.</param>
    /// <param name="path">Path of the value in the recipe; empty for a whole recipe.</param>
    /// <exception cref="RecipeException">The text is not YAML, or uses what recipes refuse.</exception>
    public static DocumentNode Parse(string text, string source, string baseFolder, RecipeErrors errors, string path = "")
    {
        var parser = new DocumentParser(text, source, baseFolder, errors);
        try
        {
            return parser.ReadDocument(path);
        }
        catch (YamlException error)
        {
            throw parser.Explain(error, text);
        }
    }

    private RecipeException Explain(YamlException error, string text)
    {
        string[] lines = text.Split('\n');
        int tabbed = Array.FindIndex(lines, line => line.AsSpan(0, line.Length - line.AsSpan().TrimStart().Length).Contains('\t'));
        if (tabbed >= 0)
        {
            return new RecipeException($"{LocationOf(tabbed + 1)}: not valid YAML: a tab indents this line; indent with spaces", error);
        }

        // What is missing at the end is reported on the last line there is, not on the one after it.
        int last = text.TrimEnd().Count(c => c == '\n') + 1;
        string reason = DisplayText.Shorten(error.Message.TrimEnd('.'), maxLength: 200);
        return new RecipeException($"{LocationOf(Math.Min((int)error.Start.Line, last))}: not valid YAML: {reason}", error);
    }

    private DocumentNode ReadDocument(string path)
    {
        Advance();
        ParsingEvent start = Advance();
        if (start is StreamEnd)
        {
            return new ScalarNode(LocationOf(start.Start), "", IsQuoted: false);
        }

        DocumentNode root = ReadNode(Advance(), path, depth: 0);
        Advance();
        ParsingEvent end = Advance();
        return end is StreamEnd
            ? root
            : throw Refuse(end, "a second document starts here; a recipe is one document, so remove the --- line");
    }

    private DocumentNode ReadNode(ParsingEvent start, string path, int depth)
    {
        if (start is AnchorAlias)
        {
            throw Refuse(start, "aliases (*name) are not allowed in recipes; write the value out");
        }

        if (start is NodeEvent { Anchor.IsEmpty: false })
        {
            throw Refuse(start, "anchors (&name) are not allowed in recipes; remove it");
        }

        if (start is NodeEvent { Tag.IsEmpty: false })
        {
            throw Refuse(start, "tags (!name) are not allowed in recipes; remove it");
        }

        if (depth >= MaxDepth)
        {
            throw Refuse(start, $"nested deeper than {MaxDepth} levels; recipes never need that");
        }

        return start switch
        {
            Scalar scalar => new ScalarNode(LocationOf(scalar.Start), scalar.Value, scalar.Style != ScalarStyle.Plain),
            SequenceStart => ReadList(start, path, depth),
            MappingStart => ReadSection(start, path, depth),
            _ => throw Refuse(start, "a value is expected here"),
        };
    }

    private ListNode ReadList(ParsingEvent start, string path, int depth)
    {
        var items = new List<DocumentNode>();
        for (ParsingEvent next = Advance(); next is not SequenceEnd; next = Advance())
        {
            items.Add(ReadNode(next, path, depth + 1));
        }

        return new ListNode(LocationOf(start.Start), items);
    }

    private SectionNode ReadSection(ParsingEvent start, string path, int depth)
    {
        var entries = new List<SectionEntry>();
        var firstByKey = new Dictionary<string, SectionEntry>(StringComparer.Ordinal);
        for (ParsingEvent next = Advance(); next is not MappingEnd; next = Advance())
        {
            if (next is not Scalar { Anchor.IsEmpty: true } key)
            {
                throw Refuse(next, "a key must be a plain name");
            }

            SourceLocation location = LocationOf(key.Start);
            string keyPath = KeyPath.Join(path, key.Value);
            var entry = new SectionEntry(key.Value, location, ReadNode(Advance(), keyPath, depth + 1));
            if (firstByKey.TryAdd(key.Value, entry))
            {
                entries.Add(entry);
            }
            else
            {
                string first = location.Line > 0 ? $", first on line {firstByKey[key.Value].Location.Line}" : "";
                _errors.Add(location, $"{DisplayText.Shorten(keyPath)}: given twice{first}; keep one");
            }
        }

        return new SectionNode(LocationOf(start.Start), entries);
    }

    private ParsingEvent Advance()
    {
        Mark reached = _events.Current?.End ?? Mark.Empty;
        try
        {
            return _events.MoveNext() ? _events.Current! : throw new YamlException(reached, reached, "the text ends too early");
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            // What the scanner throws for some broken texts, such as an unfinished anchor in a list or a malformed tag.
            throw new YamlException(reached, reached, "the text cannot be understood after this", error);
        }
    }

    private SourceLocation LocationOf(Mark mark) => LocationOf((int)mark.Line);

    private SourceLocation LocationOf(int line) => new(_source, _hasLines ? line : 0, _baseFolder);

    private RecipeException Refuse(ParsingEvent at, string rule) => new($"{LocationOf(at.Start)}: {rule}");
}
