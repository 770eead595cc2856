using System.Text.Json;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// The column with the tools a chat may call: a list of descriptions (objects, as OpenAI's and transformers' JSON schemas), or that
/// list as JSON text. Null and empty say that there are none.
/// </summary>
/// <param name="name">Name of the column, which every row then has; dots lead into objects. Null takes <c>tools</c> where there is one.</param>
internal sealed class ToolsColumn(string? name)
{
    private const string Default = "tools";

    /// <summary>The column of a table that is looked at.</summary>
    public string Column => RowFields.ColumnOf(name ?? Default);

    /// <summary>The tools of a row, as a JSON array; null for none.</summary>
    /// <exception cref="DataException">The column is missing, or holds anything else.</exception>
    public JsonElement? Of(JsonlRow row)
    {
        if (name is null && !row.Has(Default))
        {
            return null;
        }

        var (inner, field) = RowFields.Find(row, name ?? Default);
        if (inner.Has(field) && !inner.HasValue(field))
        {
            return null;
        }

        // The objects of a Parquet list all have the members of any: those that one of them lacks are null there.
        using var document = inner.IsText(field) ? Parsed(inner, field) : inner.IsArray(field) ? JsonDocument.Parse(inner.Json(field, withNulls: !row.IsOfTable)) : null;
        if (document is null)
        {
            throw inner.IllTyped(field, "a list of tools, or that list as JSON text");
        }

        var tools = document.RootElement;
        if (tools.ValueKind == JsonValueKind.Array && tools.EnumerateArray().All(t => t.ValueKind == JsonValueKind.Object))
        {
            return tools.GetArrayLength() == 0 ? null : tools.Clone();
        }

        throw inner.Error($"field '{field}' must hold a list of tools, each a JSON object; mend it, or name another column with tools_field");
    }

    private static JsonDocument Parsed(JsonlRow row, string field)
    {
        var text = row.Text(field);
        try
        {
            return JsonDocument.Parse(string.IsNullOrWhiteSpace(text) ? "[]" : text);
        }
        catch (JsonException error)
        {
            throw row.Error($"field '{field}' is text and no JSON list of tools ({error.Message.Split(". ")[0].ReplaceLineEndings(" ")}); mend it, or name another column with tools_field");
        }
    }
}
