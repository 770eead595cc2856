using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;

namespace RolloutLab.Cli;

/// <summary>In-context seeding over a policy and a prompt set: checked to be possible before a run begins.</summary>
internal sealed class Seeding
{
    /// <exception cref="RecipeException">The policy's context or tokenizer has no room for an example.</exception>
    public Seeding(SeedingSection section, Recipe recipe, Policy policy, PromptSet prompts)
    {
        var room = policy.Model.MaxPositions - recipe.Rollout.MaxNewTokens;
        MaxPromptTokens = section.MaxPromptTokens > 0 ? Math.Min(section.MaxPromptTokens, room) : room;
        var (shortest, longest) = (prompts.Summary.ShortestTokens, prompts.Summary.LongestTokens);
        if (2 * shortest >= MaxPromptTokens)
        {
            throw new RecipeException(
                $"{recipe.Source}: seeding: no example fits: the shortest prompt has {shortest} tokens, a prompt with its examples at most {MaxPromptTokens}; "
                + $"lower rollout.max_new_tokens ({recipe.Rollout.MaxNewTokens} of {policy.Model.MaxPositions} positions), raise seeding.max_prompt_tokens, or leave seeding out");
        }

        // No prompt needs more than its examples have at most; the cache is sized by it.
        var each = (long)longest + section.MaxSolutionTokens + section.Template.Length;
        MaxPromptTokens = (int)Math.Min(MaxPromptTokens, longest + (section.Examples * each));
        Corpus = new ExampleCorpus(section.Capacity, section.Ngram);
        try
        {
            Seeder = new PromptSeeder(section, Corpus, policy.Tokenizer, MaxPromptTokens);
        }
        catch (DataException error)
        {
            throw new RecipeException($"{recipe.Source}: seeding.template = {section.Template.ReplaceLineEndings("\\n")}: {error.Message}", error);
        }
    }

    /// <summary>Most tokens of a prompt with its examples.</summary>
    public int MaxPromptTokens { get; }

    /// <summary>The examples: part of checkpoints.</summary>
    public ExampleCorpus Corpus { get; }

    /// <summary>Puts them before questions.</summary>
    public PromptSeeder Seeder { get; }
}
