using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Models;
using RolloutLab.Recipes;
using RolloutLab.Torch;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>A model with its tokenizer, from a folder or from scratch. Owns weights and model.</summary>
internal sealed class Policy : IDisposable
{
    private const string TokenizerName = "tokenizer.json";
    private const string EndOfText = "<end>";

    private readonly ModelFolder? _source;

    private Policy(ITokenizer tokenizer, DecoderWeights weights, ModelFolder? source)
    {
        (Tokenizer, Weights, _source) = (tokenizer, weights, source);
        Model = new DecoderModel(weights);
    }

    /// <summary>The tokenizer.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>The parameters.</summary>
    public DecoderWeights Weights { get; }

    /// <summary>The model over them.</summary>
    public DecoderModel Model { get; }

    /// <summary>Tokenizer and shape of what the recipe's <c>model</c> and <c>tokenizer</c> sections name, without its weights.</summary>
    public static (ITokenizer Tokenizer, ModelConfig Config) Describe(Recipe recipe)
    {
        var tokenizer = CreateTokenizer(recipe.Tokenizer, recipe.Model.Path);
        return (tokenizer, recipe.Model.Path is { } path ? ModelFolder.Open(path).Config : ConfigOf(recipe.RequireModelConfig(), tokenizer.VocabularySize));
    }

    /// <summary>Opens or initialises what the recipe's <c>model</c> and <c>tokenizer</c> sections name.</summary>
    public static Policy Create(Recipe recipe, RandomStreams random, Device device)
    {
        if (recipe.Model.Path is { } path)
        {
            return Open(path, recipe.Tokenizer, device);
        }

        var shape = recipe.RequireModelConfig();
        var tokenizer = CreateTokenizer(recipe.Tokenizer, modelFolder: null);
        var config = ConfigOf(shape, tokenizer.VocabularySize);
        return new Policy(tokenizer, DecoderWeights.Initialize(config, random, device), source: null);
    }

    /// <summary>Opens a model folder.</summary>
    public static Policy Open(string folder, TokenizerSection tokenizerSection, Device device)
    {
        SavedCheckpoint.Verify(folder);
        var source = ModelFolder.Open(folder);
        var tokenizer = CreateTokenizer(tokenizerSection, folder);
        if (tokenizer.VocabularySize > source.Config.VocabularySize)
        {
            throw new CheckpointException(
                $"{folder}: the tokenizer has {tokenizer.VocabularySize} ids, the model's vocab_size is {source.Config.VocabularySize}; use the tokenizer the model was trained with");
        }

        return new Policy(tokenizer, source.LoadWeights(device), source);
    }

    /// <summary>Whether a folder holds a model.</summary>
    public static bool IsModelFolder(string path) => File.Exists(Path.Combine(path, ModelFolder.ConfigFile));

    /// <summary>The tokens of the longest sequence the engine will hold: a prompt with its response, within the model's context.</summary>
    /// <param name="promptTokens">Tokens of the longest prompt.</param>
    /// <param name="responseTokens">Most tokens of a response.</param>
    /// <exception cref="RecipeException">It outgrows a sliding window of the model.</exception>
    public int LongestSequence(int promptTokens, int responseTokens)
    {
        var longest = (long)promptTokens + responseTokens;
        return Weights.Config.SlidingWindow is { } window && longest > window
            ? throw new RecipeException(
                $"rollout.max_new_tokens: prompts of up to {promptTokens} tokens with responses of up to {responseTokens} outgrow the model's sliding window of "
                + $"{window} tokens (sliding_window in its config.json), and windows are not implemented; lower rollout.max_new_tokens and evaluation.max_new_tokens or leave out long prompts")
            : (int)Math.Min(longest, Model.MaxPositions);
    }

    /// <summary>Writes model and tokenizer as a model folder.</summary>
    public void Save(string folder)
    {
        ModelFolder.Save(folder, Weights, _source);
        var tokenizer = Path.Combine(folder, TokenizerName);
        if (!File.Exists(tokenizer))
        {
            TokenizerFile.Save(tokenizer, Tokenizer);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Model.Dispose();
        Weights.Dispose();
    }

    private static ITokenizer CreateTokenizer(TokenizerSection section, string? modelFolder) => section switch
    {
        FileTokenizerSection file => TokenizerFile.Load(file.Path),
        CountdownTokenizerSection => CountdownVocabulary.CreateTokenizer(),
        BytesTokenizerSection => new ByteTokenizer([EndOfText], EndOfText),
        ModelTokenizerSection when modelFolder is not null => TokenizerFile.Load(Path.Combine(modelFolder, TokenizerName)),
        _ => throw new RecipeException("tokenizer.type = model: there is no model folder to take it from; set tokenizer.type to file, countdown or bytes"),
    };

    private static ModelConfig ConfigOf(ModelConfigSection section, int vocabularySize) => new()
    {
        Family = ModelConfig.FamilyWith(section.AttentionBias, section.QkNorm),
        AttentionBias = section.AttentionBias,
        VocabularySize = vocabularySize,
        HiddenSize = section.HiddenSize,
        Layers = section.Layers,
        Heads = section.Heads,
        KeyValueHeads = section.KvHeads,
        HeadDim = section.HeadSize,
        IntermediateSize = section.IntermediateSize,
        MaxPositions = section.MaxPositions,
        RopeTheta = section.RopeTheta,
        NormEpsilon = section.NormEpsilon,
        TieWordEmbeddings = section.TieEmbeddings,
    };
}
