using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace RolloutLab.Cli;

/// <summary>Checks as text for people and as JSON.</summary>
internal static class CheckReport
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The worst status of all.</summary>
    public static CheckStatus Worst(IEnumerable<Check> checks) => checks.Max(c => c.Status);

    /// <summary>The lines for people, as markup.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<Check> checks)
    {
        var width = checks.Max(c => c.Name.Length);
        foreach (var check in checks)
        {
            var status = $"[{ColorOf(check.Status)}]{WordOf(check.Status),-7}[/]";
            yield return $"{status}  {Markup.Escape(check.Name.PadRight(width))}  {Markup.Escape(check.Found)}";
            if (check.Remedy is { } remedy)
            {
                yield return $"{"",7}  {"".PadRight(width)}  → {Markup.Escape(remedy)}";
            }
        }

        yield return "";
        yield return Worst(checks) switch
        {
            CheckStatus.Ok => "[green]all is well: try ./rolloutlab train recipes/quickstart.yaml[/]",
            CheckStatus.Warning => "[yellow]training works; see the warnings[/]",
            _ => "[red]training cannot work before the problems are solved[/]",
        };
    }

    /// <summary>
    /// The JSON document: <c>status</c>, <c>checks</c> with <c>name, status, found, remedy</c> each, and the recipe's
    /// <c>memory</c> where one was given.
    /// </summary>
    public static string ToJson(IReadOnlyList<Check> checks, MemoryReport? memory = null)
    {
        var document = Document(checks);
        if (memory is not null)
        {
            document["memory"] = memory.ToJson();
        }

        return document.ToJsonString(Readable);
    }

    private static JsonObject Document(IReadOnlyList<Check> checks) => new()
    {
        ["status"] = WordOf(Worst(checks)),
        ["checks"] = new JsonArray(
        [
            .. checks.Select(check => new JsonObject
            {
                ["name"] = check.Name,
                ["status"] = WordOf(check.Status),
                ["found"] = check.Found,
                ["remedy"] = check.Remedy,
            }),
        ]),
    };

    private static string WordOf(CheckStatus status) => status switch
    {
        CheckStatus.Ok => "ok",
        CheckStatus.Warning => "warning",
        _ => "problem",
    };

    private static string ColorOf(CheckStatus status) => status switch
    {
        CheckStatus.Ok => "green",
        CheckStatus.Warning => "yellow",
        _ => "red",
    };
}
