using System.Text;
using System.Text.Json.Nodes;
using RolloutLab.Core;

namespace RolloutLab.Batching;

/// <summary>States of this project's parts as JSON.</summary>
internal static class StateNodes
{
    /// <summary>Writes a state.</summary>
    public static void Write(Stream to, JsonNode state) => to.Write(Encoding.UTF8.GetBytes(state.ToJsonString()));

    /// <summary>Reads a state.</summary>
    public static JsonNode Parse(Stream from, string part)
    {
        JsonNode? state = null;
        Read(part, () => state = JsonNode.Parse(from) ?? throw new FormatException());
        return state!;
    }

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
    public static void ReadNumbers(JsonNode state, string part, IDictionary<string, double> numbers) => Read(part, () =>
    {
        var read = state.AsObject().Select(p => KeyValuePair.Create(p.Key, p.Value!.GetValue<double>())).ToList();
        numbers.Clear();
        foreach (var (name, value) in read)
        {
            numbers[name] = value;
        }
    });

    /// <summary>Runs a reading; a state of another form is the checkpoint's fault.</summary>
    public static void Read(string part, Action read)
    {
        try
        {
            read();
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or NullReferenceException or ArgumentException or System.Text.Json.JsonException)
        {
            throw new CheckpointException($"the checkpoint's state of {part} is not one of this part; resume with the recipe it was written by", error);
        }
    }
}
