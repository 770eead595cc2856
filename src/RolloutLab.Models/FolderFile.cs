using RolloutLab.Core;

namespace RolloutLab.Models;

/// <summary>
/// Files that a model folder names. A name is one file of the folder, and a symbolic link stays inside; the one way out is
/// that of Hugging Face's cache, where a snapshot's files are links into the <c>blobs</c> folder beside <c>snapshots</c>.
/// </summary>
internal static class FolderFile
{
    /// <summary>Whether a name is plain: no folder, no root, nothing that leads elsewhere.</summary>
    public static bool IsPlainName(string name) =>
        name.Length > 0 && name is not ("." or "..") && name.IndexOfAny(['/', '\\', '\0', ':']) < 0;

    /// <summary>Checks that a file is there and lies where it may.</summary>
    /// <param name="folder">The model folder.</param>
    /// <param name="name">A plain name.</param>
    /// <param name="namedBy">The file that names it; null where the format itself does.</param>
    /// <returns>Its path in the folder.</returns>
    /// <exception cref="CheckpointException">It is missing, or a link leads out of the folder or in a circle.</exception>
    public static string Find(string folder, string name, string? namedBy = null)
    {
        var path = Path.Combine(folder, name);
        var by = namedBy is null ? "" : $"named by {Path.GetFileName(namedBy)}, ";
        try
        {
            var target = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true);
            if (target is not null && !MayHold(folder, Path.GetDirectoryName(Path.GetFullPath(target.FullName))!))
            {
                throw new CheckpointException($"{path}: {by}is a link to {Excerpt.Of(target.FullName)}, outside the model folder; copy the file into it");
            }
        }
        catch (FileNotFoundException error)
        {
            var remedy = namedBy is null ? $"a model folder has {name} or {ShardIndex.FileName}" : "copy the whole model folder again";
            throw new CheckpointException($"{path}: {by}missing; {remedy}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: {by}cannot be read ({Excerpt.Of(error.Message)})", error);
        }

        return path;
    }

    private static bool MayHold(string folder, string directory)
    {
        var home = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var snapshots = Path.GetDirectoryName(home);
        return directory == home
            || (Path.GetFileName(snapshots) == "snapshots" && directory == Path.Combine(Path.GetDirectoryName(snapshots)!, "blobs"));
    }
}
