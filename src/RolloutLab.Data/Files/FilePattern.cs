using System.IO.Enumeration;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>
/// Files by name or pattern: <c>*</c> and <c>?</c> stand for characters of a name, <c>**</c> for any folders. A file whose name
/// is the text itself is meant by it, wildcards or not.
/// </summary>
public static class FilePattern
{
    /// <summary>Whether a path names no file, but a pattern with wildcards.</summary>
    public static bool IsPattern(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.AsSpan().ContainsAny('*', '?') && !File.Exists(path);
    }

    /// <summary>The files in ordinal order of their paths; the path itself where it is no pattern.</summary>
    /// <exception cref="DataException">No file fits the pattern, or a folder cannot be read.</exception>
    public static IReadOnlyList<string> Expand(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!IsPattern(path))
        {
            return [path];
        }

        try
        {
            var root = Root(path);
            var parts = path[root.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries);
            var files = Find(root.Length == 0 ? "." : root, parts, root.Length == 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            return files.Count > 0 ? files : throw new DataException($"{path}: no file fits this pattern; check it, or the folder {(root.Length == 0 ? "." : root)}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path}: a folder of this pattern cannot be read ({error.Message})", error);
        }
    }

    /// <summary>The folder before the first wildcard, with its separator; empty for the current one.</summary>
    public static string Root(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path[..(path.LastIndexOf('/', path.AsSpan().IndexOfAny('*', '?')) + 1)];
    }

    private static IEnumerable<string> Find(string folder, string[] parts, bool isCurrent)
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        var (part, rest) = (parts[0], parts[1..]);
        string At(string name) => isCurrent ? name : Path.Combine(folder, name);
        var folders = Directory.EnumerateDirectories(folder).Select(f => Path.GetFileName(f));
        if (part == "**")
        {
            var here = rest.Length == 0 ? Find(folder, ["*"], isCurrent) : Find(folder, rest, isCurrent);
            return here.Concat(folders.SelectMany(name => Find(At(name), parts, isCurrent: false)));
        }

        return rest.Length == 0
            ? Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f)).Where(name => Fits(part, name)).Select(At)
            : folders.Where(name => Fits(part, name)).SelectMany(name => Find(At(name), rest, isCurrent: false));
    }

    private static bool Fits(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
