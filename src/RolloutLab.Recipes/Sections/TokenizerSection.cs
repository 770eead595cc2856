namespace RolloutLab.Recipes;

/// <summary>Where the tokenizer comes from.</summary>
public abstract record TokenizerSection
{
    internal static TokenizerSection Read(SectionReader r) => r.Variant<TokenizerSection>(
        "Where the tokenizer comes from: the model's folder, a file, or one that is built in.",
        "model",
        ("model", _ => new ModelTokenizerSection()),
        ("file", file => new FileTokenizerSection { Path = file.Path("path", "A tokenizer.json.") }),
        ("countdown", _ => new CountdownTokenizerSection()),
        ("bytes", _ => new BytesTokenizerSection()));
}

/// <summary>The tokenizer.json in the model's folder.</summary>
public sealed record ModelTokenizerSection : TokenizerSection;

/// <summary>A tokenizer.json of its own.</summary>
public sealed record FileTokenizerSection : TokenizerSection
{
    /// <summary>Absolute path of the file.</summary>
    public required string Path { get; init; }
}

/// <summary>The built-in character tokenizer of Countdown.</summary>
public sealed record CountdownTokenizerSection : TokenizerSection;

/// <summary>The built-in byte tokenizer: any UTF-8 text.</summary>
public sealed record BytesTokenizerSection : TokenizerSection;
