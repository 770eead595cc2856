namespace RolloutLab.Data;

/// <summary>The symbols of Countdown prompts and traces.</summary>
public static class CountdownVocabulary
{
    /// <summary>Digits, operators, and the marks for result, target, next number, next operation, dead end and success.</summary>
    public const string Symbols = "0123456789+-*/=: ,x!";

    /// <summary>A tokenizer of one token for each symbol and the end token: 21 ids.</summary>
    public static CharacterTokenizer CreateTokenizer() => new([.. Symbols.Select(c => c.ToString())], "<end>");
}
