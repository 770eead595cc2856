using RolloutLab.Data;

namespace RolloutLab.Simulation;

/// <summary>A prompt that is text or a list of chat messages.</summary>
internal static class ChatText
{
    /// <summary>The text, or the contents of the messages, a line each.</summary>
    public static string Of(JsonlRow row, string field) =>
        row.IsArray(field) ? string.Join('\n', row.Objects(field).Select(message => message.Text("content"))) : row.Text(field);
}
