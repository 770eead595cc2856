using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>Reads the parts of a row that formats have in common. A name may lead into objects: <c>reward_model.ground_truth</c>.</summary>
internal static class RowFields
{
    /// <summary>The column a name begins with.</summary>
    public static string ColumnOf(string name) => name.Split('.', 2)[0];

    /// <summary>The row that holds the last part of a name, and that part. A field whose name has the dots itself comes first.</summary>
    /// <exception cref="DataException">A part on the way is missing or no object.</exception>
    public static (JsonlRow Row, string Field) Find(JsonlRow row, string name)
    {
        while (!row.Has(name) && name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot)
        {
            (row, name) = (row.Object(name[..dot]), name[(dot + 1)..]);
        }

        return (row, name);
    }

    /// <summary>Text or a number as it is spelt; empty where it is null or white space.</summary>
    /// <exception cref="DataException">It is missing or of another type.</exception>
    public static string TextOrNumber(JsonlRow row, string name)
    {
        var (inner, field) = Find(row, name);
        if (inner.Has(field) && !inner.HasValue(field))
        {
            return "";
        }

        var text = inner.TextOrNumber(field);
        return string.IsNullOrWhiteSpace(text) ? "" : text;
    }

    /// <summary>The id: of the field that is named, else of <c>id</c> where there is one.</summary>
    public static string? Id(JsonlRow row, string? field)
    {
        const string Default = "id";
        if (field is null)
        {
            return row.Has(Default) ? row.TextOrNumber(Default) : null;
        }

        var (inner, name) = Find(row, field);
        return inner.TextOrNumber(name);
    }

    /// <summary>Further fields as one JSON object; null for none.</summary>
    /// <exception cref="DataException">One is missing.</exception>
    public static string? Extra(JsonlRow row, IReadOnlyList<string> names)
    {
        if (names.Count == 0)
        {
            return null;
        }

        var text = new StringBuilder("{");
        foreach (var name in names)
        {
            var (inner, field) = Find(row, name);
            text.Append(text.Length > 1 ? "," : "").Append('"').Append(System.Text.Json.JsonEncodedText.Encode(name)).Append("\":").Append(inner.Json(field));
        }

        return text.Append('}').ToString();
    }
}
