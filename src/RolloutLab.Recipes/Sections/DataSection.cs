namespace RolloutLab.Recipes;

/// <summary>The prompt sets.</summary>
public sealed record DataSection
{
    /// <summary>Prompts that rollouts are sampled for; null in a recipe that only fine-tunes or evaluates.</summary>
    public required PromptSetSection? Train { get; init; }

    /// <summary>Held-out prompts for evaluation; null when there is none.</summary>
    public required PromptSetSection? Eval { get; init; }

    /// <summary>How prompts become chats; null where they are plain text.</summary>
    public required ChatSection? Chat { get; init; }

    internal static DataSection Read(SectionReader r) => new()
    {
        Chat = r.OptionalSection(
            "chat", "Render prompts, and those of demonstrations, with the model's chat template; {} for all defaults. Without it prompts are plain text.", ChatSection.Read),
        Train = r.OptionalSection("train", "Prompts that rollouts are sampled for.", s => PromptSetSection.Read(s, isTraining: true)),
        Eval = r.OptionalSection(
            "eval", "Held-out prompts for evaluation, taken in file order.", s => PromptSetSection.Read(s, isTraining: false)),
    };
}
