namespace RolloutLab.Data.Jinja;

/// <summary>Walks over the tokens of a template.</summary>
/// <param name="tokens">Ends with <see cref="TokenKind.End"/>.</param>
internal sealed class TokenReader(List<Token> tokens)
{
    private const int MaxNesting = 100;

    private int _at;
    private int _depth;

    public Token Current => tokens[_at];

    public Token Following => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public Token Take() => Current.Kind == TokenKind.End ? Current : tokens[_at++];

    public bool TryTake(string op)
    {
        var taken = Current.Is(op);
        _at += taken ? 1 : 0;
        return taken;
    }

    public bool TryTakeName(string name)
    {
        var taken = Current.IsName(name);
        _at += taken ? 1 : 0;
        return taken;
    }

    public void Expect(string op)
    {
        if (!TryTake(op))
        {
            throw Unexpected($"'{op}'");
        }
    }

    public void Expect(TokenKind kind, string what)
    {
        if (Current.Kind != kind)
        {
            throw Unexpected(what);
        }

        Take();
    }

    public string ExpectName(string what)
    {
        if (Current.Kind != TokenKind.Name)
        {
            throw Unexpected(what);
        }

        return Take().Text;
    }

    public JinjaException Unexpected(string wanted) => new($"{wanted} should stand where {Current} is", Current.Line);

    /// <summary>Goes a level deeper; every <see cref="Enter"/> has its <see cref="Leave"/>.</summary>
    public void Enter()
    {
        if (++_depth > MaxNesting)
        {
            throw new JinjaException($"nested more than {MaxNesting} levels deep", Current.Line);
        }
    }

    public void Leave() => _depth--;
}
