using System.Text.Json;
using System.Text.Json.Nodes;
using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>States of this project's parts as JSON.</summary>
internal static class StateNodes
{
    /// <summary>Numbers by name; doubles survive exactly.</summary>
    public static JsonObject OfNumbers(IEnumerable<KeyValuePair<string, double>> numbers)
    {
        var result = new JsonObject();
        foreach (var (name, value) in numbers)
        {
            result[name] = value;
        }

        return result;
    }

    /// <summary>Replaces the numbers by those of a state.</summary>
    public static void ReadNumbers(JsonNode state, IDictionary<string, double> numbers)
    {
        var read = state.AsObject().Select(p => KeyValuePair.Create(p.Key, p.Value!.GetValue<double>())).ToList();
        numbers.Clear();
        foreach (var (name, value) in read)
        {
            numbers[name] = value;
        }
    }

    /// <summary>Writes a state.</summary>
    public static void Write(JsonNode state, Stream to)
    {
        using var json = new Utf8JsonWriter(to);
        state.WriteTo(json);
    }

    /// <summary>Reads a state; one of another form is the checkpoint's fault.</summary>
    /// <param name="from">What <see cref="Write"/> wrote.</param>
    /// <param name="part">Names the part, for messages.</param>
    /// <param name="read">Takes the state over.</param>
    /// <exception cref="CheckpointException">It is not one of this part.</exception>
    public static void Read(Stream from, string part, Action<JsonNode> read)
    {
        try
        {
            read(JsonNode.Parse(from)!);
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or NullReferenceException or ArgumentException or JsonException)
        {
            throw new CheckpointException($"the checkpoint's state {part} is not one of this part; resume with the recipe it was written by", error);
        }
    }
}
