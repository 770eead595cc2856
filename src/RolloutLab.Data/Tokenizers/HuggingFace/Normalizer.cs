using System.Text;
using RolloutLab.Core;
using RolloutLab.Data.Unicode;

namespace RolloutLab.Data.HuggingFace;

/// <summary>What is done to a text before it is cut: the <c>normalizer</c> section.</summary>
internal sealed class Normalizer
{
    private readonly List<Func<string, string>> _steps = [];
    private readonly UnicodeNormalizer _unicode = new();

    /// <summary>Reads the section; null changes nothing.</summary>
    /// <exception cref="DataException">A step is damaged or not supported.</exception>
    public Normalizer(JsonSection? section)
    {
        foreach (var step in section?.Sequence("normalizers") ?? [])
        {
            _steps.Add(Read(step));
        }
    }

    public string Apply(string text)
    {
        foreach (var step in _steps)
        {
            text = step(text);
        }

        return text;
    }

    private Func<string, string> Read(JsonSection step)
    {
        switch (step.Text("type"))
        {
            case "NFC":
                return text => _unicode.Normalize(text, compatible: false, compose: true);
            case "NFD":
                return text => _unicode.Normalize(text, compatible: false, compose: false);
            case "NFKC":
                return text => _unicode.Normalize(text, compatible: true, compose: true);
            case "NFKD":
                return text => _unicode.Normalize(text, compatible: true, compose: false);
            case "Prepend":
                var prefix = step.Text("prepend");
                return text => text.Length > 0 ? prefix + text : text;
            case "Replace":
                var (finder, content) = (PatternFinder.Read(step.Required("pattern")), step.Text("content"));
                return text => Replace(text, finder, content);
            case var type:
                throw step.Error($"is of type '{BpeVocabulary.Shown(type)}'; supported are NFC, NFD, NFKC, NFKD, Prepend, Replace and Sequence");
        }
    }

    private static string Replace(string text, IPartFinder finder, string content)
    {
        var (result, at) = (new StringBuilder(text.Length), 0);
        foreach (var (start, length) in finder.Find(Piece.Of(text)))
        {
            result.Append(text, at, start - at).Append(content);
            at = start + length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }
}
