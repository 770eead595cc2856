using System.Text.Json;
using System.Text.Json.Nodes;

namespace RolloutLab.Recipes;

/// <summary>Every key a recipe may have, taken from the same code that reads recipes.</summary>
public static class RecipeSchema
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>All keys in the order of a resolved recipe; a path stands once for each type of section that has it.</summary>
    public static IReadOnlyList<SchemaEntry> Describe() => [.. ReadSchema().Flatten("", "")];

    /// <summary>
    /// The same as a JSON Schema (draft 2020-12), for editors: types, defaults, descriptions, and closed sections.
    /// Ranges stand in the descriptions.
    /// </summary>
    public static string ToJson()
    {
        JsonObject schema = ClosedObject(ReadSchema().Keys);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "RolloutLab recipe");
        return schema.ToJsonString(Indented);
    }

    private static SchemaSection ReadSchema()
    {
        var schema = new SchemaSection();
        _ = new Recipe(new DescribingReader(schema), "");
        return schema;
    }

    private static JsonObject SectionToJson(SchemaSection section)
    {
        if (section.Variants.Count == 0)
        {
            JsonObject plain = ClosedObject(section.Keys);
            plain["type"] = new JsonArray("object", "null");
            return plain;
        }

        var variants = new JsonArray();
        foreach ((string type, SchemaSection variant) in section.Variants)
        {
            JsonObject json = ClosedObject([.. section.Keys.Where(k => k.Key != "type"), .. variant.Keys]);
            json["properties"]!.AsObject().Insert(0, "type", new JsonObject { ["const"] = type });
            if (!section.Keys.Exists(k => k.Key == "type" && k.Default == type))
            {
                RequiredOf(json).Add("type");
            }

            variants.Add(json);
        }

        variants.Add(new JsonObject { ["type"] = "null" });
        return new JsonObject { ["oneOf"] = variants };
    }

    private static JsonObject ClosedObject(IReadOnlyList<SchemaKey> keys)
    {
        if (keys is [{ Key: DescribingReader.UserName } named])
        {
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = KeyToJson(named), ["minProperties"] = 1 };
        }

        var properties = new JsonObject();
        var json = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        foreach (SchemaKey key in keys)
        {
            properties[key.Key] = KeyToJson(key);
            if (key.Default.Length == 0 && key.Section is null)
            {
                RequiredOf(json).Add(key.Key);
            }
        }

        return json;
    }

    private static JsonArray RequiredOf(JsonObject json)
    {
        if (json["required"] is not JsonArray required)
        {
            json["required"] = required = [];
        }

        return required;
    }

    private static JsonObject KeyToJson(SchemaKey key)
    {
        JsonObject json = key.Section is not null ? SectionToJson(key.Section) : TypeToJson(key);
        string rule = key.Rule.Length == 0 || key.Choices.Count > 0 ? "" : $" Must be {key.Rule}.";
        string fallback = "";
        if (key.FixedDefault is not null || key.Default == "null")
        {
            json["default"] = key.FixedDefault?.DeepClone();
        }
        else if (key.Default.Length > 0)
        {
            fallback = $" Default: {key.Default}.";
        }

        json["description"] = key.Doc + rule + fallback;
        return json;
    }

    private static JsonObject TypeToJson(SchemaKey key) => key.Type switch
    {
        "number" => new JsonObject { ["type"] = "number" },
        "integer" => new JsonObject { ["type"] = "integer" },
        "true or false" => new JsonObject { ["type"] = "boolean" },
        "list of numbers" => new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "number" } },
        "list of integers" => new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "integer" } },
        "list of words" => new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["type"] = "string" } },
        "list of sections" => new JsonObject { ["type"] = new JsonArray("array", "object", "null") },
        "choice" => new JsonObject { ["enum"] = new JsonArray([.. key.Choices.Select(c => JsonValue.Create(c))]) },
        _ when key.Default == "null" => new JsonObject { ["type"] = new JsonArray("string", "null") },
        _ => new JsonObject { ["type"] = "string" },
    };
}
