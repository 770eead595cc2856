using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Recipes;

/// <summary>Reads recipes: defaults, then the file, then what the command line sets.</summary>
public static class RecipeLoader
{
    /// <summary>Largest recipe file in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Loads a recipe file. Relative paths in it start at its folder, those in overrides at the current directory; that
    /// the files they name exist is not checked.
    /// </summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="overrides">
    /// Values to set, <c>a.b=c</c> each, in order; values are YAML scalars or flow lists and sections. A section given
    /// whole replaces the file's; <c>null</c> takes an optional one away.
    /// </param>
    /// <exception cref="RecipeException">The file cannot be read, or the recipe is wrong; one line says where and why.</exception>
    public static Recipe Load(string path, IReadOnlyList<string> overrides)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(overrides);
        return Parse(ReadText(path), path, Path.GetDirectoryName(Path.GetFullPath(path))!, overrides);
    }

    /// <summary>Reads a recipe from text; otherwise like <see cref="Load"/>.</summary>
    /// <param name="yaml">The recipe.</param>
    /// <param name="source">How messages name it; the part before the extension becomes its name.</param>
    /// <param name="baseFolder">Absolute folder that its relative paths start from.</param>
    /// <param name="overrides">Values to set.</param>
    /// <exception cref="RecipeException">The recipe is wrong.</exception>
    public static Recipe Parse(string yaml, string source, string baseFolder, IReadOnlyList<string> overrides)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        ArgumentNullException.ThrowIfNull(overrides);
        var errors = new RecipeErrors();
        var whole = new SourceLocation(source, Line: 0, baseFolder);
        SectionNode root = DocumentParser.Parse(yaml, source, baseFolder, errors) switch
        {
            SectionNode section => section with { Location = whole },
            ScalarNode { IsNull: true } => new SectionNode(whole, []),
            { } other => throw new RecipeException($"{other.Location}: a recipe is made of keys and values, such as seed: 1"),
        };
        var reader = new BindingReader(Overrides.Apply(root, overrides, errors), "", errors);
        var recipe = new Recipe(reader, source);
        reader.Finish();
        errors.ThrowIfAny();
        return recipe;
    }

    internal static string ReadText(string path)
    {
        try
        {
            byte[] bytes = ReadBytes(path);
            ReadOnlySpan<byte> mark = [0xEF, 0xBB, 0xBF];
            return StrictUtf8.GetString(bytes.AsSpan().StartsWith(mark) ? bytes.AsSpan(mark.Length) : bytes);
        }
        catch (DecoderFallbackException error)
        {
            throw new RecipeException($"{path}: not UTF-8 text (byte {error.Index}); save it as UTF-8", error);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RecipeException($"{path}: no such recipe file{SuggestFor(path)}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RecipeException($"{path}: cannot be read: {DisplayText.Shorten(error.Message)}; name a readable YAML file", error);
        }
    }

    private static byte[] ReadBytes(string path)
    {
        using FileStream file = File.OpenRead(path);
        byte[] buffer = new byte[MaxBytes + 1];
        int count = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return count <= MaxBytes
            ? buffer[..count]
            : throw new RecipeException($"{path}: larger than 1 MiB, so hardly a recipe; name the YAML file of a recipe");
    }

    private static string SuggestFor(string path)
    {
        string folder = Path.GetDirectoryName(path) ?? "";
        string searched = folder.Length == 0 ? "." : folder;
        if (!Directory.Exists(searched))
        {
            return $"; there is no folder {searched} either";
        }

        string[] recipes = [.. Directory.EnumerateFiles(searched, "*.yaml").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
        return NearestName.Find(Path.GetFileName(path), recipes) is { } nearest
            ? $"; did you mean {Path.Combine(folder, nearest)}?"
            : recipes.Length > 0 ? $"; there are {string.Join(", ", recipes.Take(8))}" : $"; there is no recipe in {searched}";
    }
}
