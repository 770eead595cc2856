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
    private readonly string? _fingerprint;

    private Policy(ITokenizer tokenizer, DecoderWeights weights, ModelFolder? source)
    {
        (Tokenizer, Weights, _source) = (tokenizer, weights, source);
        _fingerprint = weights.Adapter is null ? null : WeightFingerprint.Of(source!.Path);
        Model = new DecoderModel(weights);
    }

    /// <summary>The tokenizer.</summary>
    public ITokenizer Tokenizer { get; }

    /// <summary>The folder that the tokenizer's files, its chat template among them, are in; null where it has none.</summary>
    public string? TokenizerHome { get; private init; }

    /// <summary>The parameters.</summary>
    public DecoderWeights Weights { get; }

    /// <summary>The model over them.</summary>
    public DecoderModel Model { get; }

    /// <summary>Tokenizer and shape of what the recipe's <c>model</c> and <c>tokenizer</c> sections name, without its weights.</summary>
    public static (ITokenizer Tokenizer, string? TokenizerHome, ModelConfig Config) Describe(Recipe recipe)
    {
        if (recipe.Model.Path is not { } path)
        {
            var own = CreateTokenizer(recipe.Tokenizer, recipe.Model.Tokenizer);
            return (own, recipe.Model.Tokenizer, ConfigOf(recipe, own.VocabularySize));
        }

        var weights = PeftFolder.IsIn(path) ? AdapterBase.Find(PeftFolder.Open(path), recipe.Model.Base, fallback: null) : path;
        var home = TokenizerFolder(path, weights);
        return (CreateTokenizer(recipe.Tokenizer, home), home, ModelFolder.Open(weights).Config);
    }

    /// <summary>Opens or initialises what the recipe's <c>model</c> and <c>tokenizer</c> sections name.</summary>
    public static Policy Create(Recipe recipe, RandomStreams random, Device device, bool trainable = true)
    {
        if (recipe.Model.Path is { } path)
        {
            if (PeftFolder.IsIn(path) && recipe.Model.Lora is not null)
            {
                throw new RecipeException($"{recipe.Source}: model.lora: {path} is an adapter already, and is trained on as it is; leave model.lora out, or set model.path to its base model");
            }

            if (!PeftFolder.IsIn(path) && recipe.Model.Base is not null)
            {
                throw new RecipeException($"{recipe.Source}: model.base: {path} is no adapter but a whole model; leave model.base out");
            }

            return Open(path, recipe, recipe.Model.Lora, random, device, trainable);
        }

        var tokenizer = CreateTokenizer(recipe.Tokenizer, recipe.Model.Tokenizer);
        var config = ConfigOf(recipe, tokenizer.VocabularySize);
        return new Policy(tokenizer, DecoderWeights.Initialize(config, random, device, PrecisionOf(recipe)), source: null) { TokenizerHome = recipe.Model.Tokenizer };
    }

    /// <summary>Opens a model folder, or an adapter's with the model under it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="recipe">Says how text becomes tokens, where an adapter's base model is, and what weights count as.</param>
    /// <param name="lora">A new adapter to put on a whole model; null for none.</param>
    /// <param name="random">The run's random streams.</param>
    /// <param name="device">Where the model runs.</param>
    /// <param name="trainable">Whether it is to be trained.</param>
    public static Policy Open(string folder, Recipe recipe, LoraSection? lora, RandomStreams random, Device device, bool trainable = true)
    {
        SavedCheckpoint.Verify(folder);
        var adapter = PeftFolder.IsIn(folder) ? PeftFolder.Open(folder) : null;
        var source = ModelFolder.Open(adapter is null ? folder : AdapterBase.Find(adapter, recipe.Model.Base, recipe.Model.Path));
        var home = TokenizerFolder(folder, source.Path);
        var tokenizer = CreateTokenizer(recipe.Tokenizer, home);
        if (tokenizer.VocabularySize > source.Config.VocabularySize)
        {
            throw new CheckpointException(
                $"{folder}: the tokenizer has {tokenizer.VocabularySize} ids, the model's vocab_size is {source.Config.VocabularySize}; use the tokenizer the model was trained with");
        }

        var weights = source.LoadWeights(device, trainable && adapter is null && lora is null, PrecisionOf(recipe));
        try
        {
            if (adapter is not null)
            {
                weights.Attach(adapter.Load(source.Config, random, device));
            }
            else if (lora is not null)
            {
                weights.Attach(LoraAdapter.Initialize(source.Config, OptionsOf(lora), random, device));
            }

            return new Policy(tokenizer, weights, source) { TokenizerHome = home };
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Whether a folder holds a model or an adapter.</summary>
    public static bool IsModelFolder(string path) => File.Exists(Path.Combine(path, ModelFolder.ConfigFile)) || PeftFolder.IsIn(path);

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

    /// <summary>Writes model and tokenizer as a model folder; of a model with an adapter only that, with a note of the base.</summary>
    public void Save(string folder)
    {
        if (Weights.Adapter is { } adapter)
        {
            _source!.SaveCompanions(folder);
            AdapterBase.WriteNote(folder, _fingerprint!);
            PeftFolder.Save(folder, adapter, Path.GetFullPath(_source.Path));
        }
        else
        {
            ModelFolder.Save(folder, Weights, _source);
        }

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

    /// <summary>The adapter that a recipe trains; null where it trains the weights.</summary>
    public static LoraOptions? AdapterOptions(Recipe recipe) => recipe.Model switch
    {
        { Lora: { } lora } => OptionsOf(lora),
        { Path: { } path } when PeftFolder.IsIn(path) => PeftFolder.Open(path).Options,
        _ => null,
    };

    /// <summary>An adapter's folder may have a tokenizer of its own.</summary>
    private static string TokenizerFolder(string folder, string weights) => File.Exists(Path.Combine(folder, TokenizerName)) ? folder : weights;

    /// <summary>What the weights of a recipe's models count as.</summary>
    public static WeightPrecision PrecisionOf(Recipe recipe) =>
        recipe.Dtype == DtypeChoice.Bfloat16 ? WeightPrecision.Bfloat16 : WeightPrecision.Float32;

    private static ITokenizer CreateTokenizer(TokenizerSection section, string? modelFolder) => section switch
    {
        FileTokenizerSection file => TokenizerFile.Load(file.Path),
        CountdownTokenizerSection => CountdownVocabulary.CreateTokenizer(),
        BytesTokenizerSection => new ByteTokenizer([EndOfText], EndOfText),
        ModelTokenizerSection when modelFolder is not null => TokenizerFile.Load(Path.Combine(modelFolder, TokenizerName)),
        _ => throw new RecipeException("tokenizer.type = model: there is no model folder to take it from; set tokenizer.type to file, countdown or bytes"),
    };

    private static LoraOptions OptionsOf(LoraSection section) => new()
    {
        Rank = section.Rank,
        Alpha = section.Alpha,
        Dropout = section.Dropout,
        IsRankStabilised = section.RankStabilised,
        Targets = section.Targets,
    };

    private static ModelConfig ConfigOf(Recipe recipe, int tokens)
    {
        var section = recipe.RequireModelConfig();
        return section.VocabularySize == 0 || section.VocabularySize >= tokens
            ? ConfigOf(section, section.VocabularySize == 0 ? tokens : section.VocabularySize)
            : throw new RecipeException(
                $"{recipe.Source}: model.config.vocabulary_size = {section.VocabularySize}: the tokenizer has {tokens} ids; set it to at least that, or to 0");
    }

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
