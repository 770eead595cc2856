namespace RolloutLab.Runs;

/// <summary>
/// The settings of a run's resolved <c>recipe.yaml</c> by their paths (<c>loss.clip_low</c>), read by its layout alone: also
/// recipes of other versions of the program can be compared.
/// </summary>
public sealed class ResolvedSettings
{
    // They change where a run goes and how often it is kept, not what it learns; runs of one group differ in their seed.
    private static readonly string[] Beside = ["seed", "threads", "run", "checkpoint", "tracking"];

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>The seed; null when it cannot be read.</summary>
    public long? Seed => _values.TryGetValue("seed", out var text) && long.TryParse(text, out var seed) ? seed : null;

    /// <summary>All that decides what a run learns, seed apart: equal for runs that may be averaged.</summary>
    public string Key => string.Join('\n', Deciding.Order(StringComparer.Ordinal).Select(path => $"{path}: {_values[path]}"));

    private IEnumerable<string> Deciding => _values.Keys.Where(path => !Beside.Contains(path.Split('.')[0]));

    /// <summary>Reads the settings.</summary>
    /// <param name="yaml">The file's text: a key a line, two spaces a level.</param>
    public static ResolvedSettings Of(string yaml)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        var settings = new ResolvedSettings();
        var path = new List<string>();
        foreach (var line in yaml.Split('\n'))
        {
            var text = line.TrimStart(' ');
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1)
            {
                continue;
            }

            var depth = Math.Min((line.Length - text.Length) / 2, path.Count);
            path.RemoveRange(depth, path.Count - depth);
            path.Add(text[..colon]);
            if (text[(colon + 1)..].Trim() is { Length: > 0 } value)
            {
                settings._values[string.Join('.', path)] = value;
            }
        }

        return settings;
    }

    /// <summary>The settings that decide what a run learns and differ between two runs, as <c>path=value</c> of this one.</summary>
    public IReadOnlyList<string> DifferencesFrom(ResolvedSettings other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return [.. Deciding.Union(other.Deciding).Order(StringComparer.Ordinal)
            .Where(path => _values.GetValueOrDefault(path) != other._values.GetValueOrDefault(path))
            .Select(path => $"{path}={_values.GetValueOrDefault(path) ?? "absent"}")];
    }
}
