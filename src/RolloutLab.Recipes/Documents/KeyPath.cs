namespace RolloutLab.Recipes;

/// <summary>Dotted paths of recipe keys, such as <c>loss.clip_low</c>; the root is the empty path.</summary>
internal static class KeyPath
{
    /// <summary>The path of a key inside a section.</summary>
    public static string Join(string section, string key) => section.Length == 0 ? key : $"{section}.{key}";

    /// <summary>The last key of a path.</summary>
    public static string Leaf(string path) => path[(path.LastIndexOf('.') + 1)..];

    /// <summary>Whether a text is one or more snake_case keys joined by dots.</summary>
    public static bool IsValid(string path) =>
        path.Split('.').All(key => key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'));
}
