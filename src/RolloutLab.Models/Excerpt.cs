using System.Text;

namespace RolloutLab.Models;

/// <summary>Text from a file nobody vouches for, made fit for a one-line message: no control characters, at most 80 characters.</summary>
internal static class Excerpt
{
    private const int MaxLength = 80;

    public static string Of(string text)
    {
        var line = new StringBuilder(Math.Min(text.Length, MaxLength) + 1);
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, MaxLength)))
        {
            line.Append(char.IsControl(character) || char.IsSurrogate(character) || character is '\u2028' or '\u2029' ? '?' : character);
        }

        return text.Length > MaxLength ? line.Append('…').ToString() : line.ToString();
    }
}
