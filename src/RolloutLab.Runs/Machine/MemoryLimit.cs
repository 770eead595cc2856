using System.Globalization;

namespace RolloutLab.Runs;

/// <summary>
/// Memory that this process may use: that of the machine, or less where a control group (a container's, a service's) sets a
/// limit. The garbage collector's own figure is no help: in a container it is three quarters of the limit.
/// </summary>
public static class MemoryLimit
{
    /// <summary>The smallest limit that applies.</summary>
    /// <param name="root">The root of the file system; <c>/</c> but in tests.</param>
    /// <returns>Bytes; null where the system does not tell.</returns>
    public static long? Read(string root = "/")
    {
        ArgumentNullException.ThrowIfNull(root);
        var limits = GroupFolders(root).SelectMany(folder => new[] { Number(Path.Combine(folder, "memory.max")), Number(Path.Combine(folder, "memory.limit_in_bytes")) });
        return limits.Append(MachineTotal(root)).Where(limit => limit > 0).Min();
    }

    /// <summary>The process's group in both versions of control groups, and every group around it.</summary>
    private static IEnumerable<string> GroupFolders(string root)
    {
        foreach (var line in Lines(Path.Combine(root, "proc/self/cgroup")))
        {
            // "0::/user.slice/x" (version 2) or "7:memory:/docker/x" (version 1).
            var parts = line.Split(':', 3);
            var mount = parts.Length < 3 ? null
                : parts[1].Length == 0 ? "sys/fs/cgroup"
                : parts[1].Split(',').Contains("memory") ? "sys/fs/cgroup/memory"
                : null;
            if (mount is null)
            {
                continue;
            }

            // Inside a container the path may be that of the host: then only the mount itself is there.
            for (var group = parts[2].Trim('/'); ; group = Path.GetDirectoryName(group) ?? "")
            {
                yield return Path.Combine(root, mount, group);
                if (group.Length == 0)
                {
                    break;
                }
            }
        }
    }

    private static long? MachineTotal(string root) =>
        MachineInfo.ParseTotal(string.Join('\n', Lines(Path.Combine(root, "proc/meminfo"))));

    /// <summary>A number in a file; null for <c>max</c>, for what is no limit, and where there is no such file.</summary>
    private static long? Number(string path) =>
        long.TryParse(Lines(path).FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static string[] Lines(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception fault) when (FileFault.IsFileFault(fault))
        {
            return [];
        }
    }
}
