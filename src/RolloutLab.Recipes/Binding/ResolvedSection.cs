using System.Text;

namespace RolloutLab.Recipes;

/// <summary>The values a section ended up with, in a stable order: what a saved recipe and its hash are made of.</summary>
internal sealed class ResolvedSection
{
    private readonly List<ResolvedEntry> _entries = [];

    /// <summary>Adds a key that holds a value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="yaml">The value as YAML on one line.</param>
    /// <param name="hashed">The value as it enters the hash.</param>
    public void Add(string key, string yaml, string hashed) => _entries.Add(new ResolvedEntry(key, yaml, hashed, null));

    /// <summary>Adds a key that holds a section.</summary>
    public void Add(string key, ResolvedSection section) => _entries.Add(new ResolvedEntry(key, "", "", section));

    /// <summary>The YAML of a key below this section, or null where there is no such value.</summary>
    public string? Find(string path)
    {
        int dot = path.IndexOf('.', StringComparison.Ordinal);
        ResolvedEntry? entry = _entries.FirstOrDefault(e => e.Key == (dot < 0 ? path : path[..dot]));
        return dot < 0 ? entry?.Yaml : entry?.Section?.Find(path[(dot + 1)..]);
    }

    /// <summary>The section as YAML, two spaces a level.</summary>
    /// <param name="forHash">Whether to write the values as they enter the hash.</param>
    public string ToYaml(bool forHash)
    {
        var text = new StringBuilder();
        Write(text, depth: 0, forHash);
        return text.ToString();
    }

    private void Write(StringBuilder text, int depth, bool forHash)
    {
        foreach (ResolvedEntry entry in _entries)
        {
            text.Append(' ', 2 * depth).Append(entry.Key).Append(':');
            if (entry.Section is null)
            {
                text.Append(' ').Append(forHash ? entry.Hashed : entry.Yaml).Append('\n');
            }
            else
            {
                text.Append('\n');
                entry.Section.Write(text, depth + 1, forHash);
            }
        }
    }

    private sealed record ResolvedEntry(string Key, string Yaml, string Hashed, ResolvedSection? Section);
}
