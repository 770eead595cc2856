namespace RolloutLab.Recipes;

/// <summary>How prompts become chats: a prompt that is text is one turn of the user, messages are taken as they are.</summary>
public sealed record ChatSection
{
    /// <summary>The system message of chats that have none; null to leave them without.</summary>
    public required string? System { get; init; }

    /// <summary>Whether the model is to think before it answers, for templates that ask (Qwen3); null to let the template decide.</summary>
    public required bool? EnableThinking { get; init; }

    /// <summary>Absolute path of a Jinja template; null for the one in the model's folder.</summary>
    public required string? Template { get; init; }

    internal static ChatSection Read(SectionReader r) => new()
    {
        System = r.OptionalText("system", "System message of chats that have none; null to leave them without."),
        EnableThinking = r.OptionalFlag("enable_thinking", "Given to the template (Qwen3 asks for it); null lets the template decide."),
        Template = r.OptionalPath("template", "A file with a Jinja chat template; null for the one in the model's folder."),
    };
}
