using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>What is believed of every success rate before the prompt's own rollouts: a Beta distribution.</summary>
public abstract record PriorSection
{
    internal static PriorSection Read(SectionReader r) => r.Variant<PriorSection>(
        "Where it comes from: fitted to all prompts' counts before each step, or fixed.",
        "fitted",
        ("fitted", _ => new FittedPriorSection()),
        ("fixed", s => new FixedPriorSection
        {
            Alpha = s.Number("alpha", 0.5, Between(1e-6, 1e6), "First parameter of the Beta distribution: successes believed to have been seen."),
            Beta = s.Number("beta", 0.5, Between(1e-6, 1e6), "Second parameter: failures."),
        }));
}

/// <summary>The Beta distribution that fits the counts of all prompts best, by moments.</summary>
public sealed record FittedPriorSection : PriorSection;

/// <summary>One Beta distribution for the whole run.</summary>
public sealed record FixedPriorSection : PriorSection
{
    /// <summary>First parameter, above 0.</summary>
    public required double Alpha { get; init; }

    /// <summary>Second parameter, above 0.</summary>
    public required double Beta { get; init; }
}
