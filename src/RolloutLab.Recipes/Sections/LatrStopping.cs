using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>Whose trees end together.</summary>
public enum LatrStopScope
{
    /// <summary>Each prompt's tree by itself.</summary>
    Group,

    /// <summary>All of a round's at once.</summary>
    Batch,
}

/// <summary>How the tree phase ends: enough rows, none of them under lookahead; or after a number of tokens.</summary>
public sealed record LatrStopping
{
    /// <summary>Whose trees end together.</summary>
    public required LatrStopScope Scope { get; init; }

    /// <summary>Share of the places that rows must have taken, at the first token.</summary>
    public required double Share { get; init; }

    /// <summary>What that share loses up to the last token.</summary>
    public required double Decay { get; init; }

    /// <summary>Tokens after which the phase ends anyhow; 0 for never.</summary>
    public required int MaxTokens { get; init; }

    internal static LatrStopping Read(SectionReader r) => new()
    {
        Scope = r.Choice(
            "scope", LatrStopScope.Group, "Whether each prompt's tree ends by itself (paper) or all of a round at once (code).",
            ("group", LatrStopScope.Group), ("batch", LatrStopScope.Batch)),
        Share = r.Number("share", 0.98, AboveAtMost(0, 1), "Share of the places that must be taken (code 0.98)."),
        Decay = r.Number("decay", 0, Between(0, 1), "What that share loses up to the last token (code 0; its recipes 0.05)."),
        MaxTokens = r.Integer("max_tokens", 0, AtLeast(0), "Tokens after which the phase ends anyhow; 0 for never (code 0; its recipes 512, 1024)."),
    };
}
