using System.Diagnostics;
using System.Text;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Recipes;

public sealed class HostileRecipeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recipes").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("a: &x 1\nb: *x", "r.yaml:1: anchors (&name) are not allowed in recipes; remove it")]
    [InlineData("a: 1\nb: *x", "r.yaml:2: aliases (*name) are not allowed in recipes; write the value out")]
    [InlineData("a: !!int 1", "r.yaml:1: tags (!name) are not allowed in recipes; remove it")]
    [InlineData("&a seed: 1", "r.yaml:1: a key must be a plain name")]
    [InlineData("[a, b]: 1", "r.yaml:1: a key must be a plain name")]
    [InlineData("seed: 1\n---\nseed: 2", "r.yaml:2: a second document starts here; a recipe is one document, so remove the --- line")]
    [InlineData("just text", "r.yaml:1: a recipe is made of keys and values, such as seed: 1")]
    [InlineData("- 1\n- 2", "r.yaml:1: a recipe is made of keys and values, such as seed: 1")]
    public void What_recipes_never_need_is_refused(string yaml, string expected) => Assert.Equal(expected, RecipeText.ErrorOf(yaml));

    [Theory]
    [InlineData("loss:\n\tclip_low: 0.1", 2, "a tab indents this line; indent with spaces")]
    [InlineData("loss: {\n\n", 1, "")]
    [InlineData("loss: [1", 1, "")]
    [InlineData("seed: 1\n  threads: 2", 2, "")]
    [InlineData("seed: \"abc", 1, "")]
    [InlineData("seed: 1\n%", 2, "")]
    [InlineData("seed: 1\na: [`&\n*<", 2, "the text cannot be understood after this")]
    [InlineData("x: !<:> b", 1, "the text cannot be understood after this")]
    public void Broken_yaml_is_refused_with_its_line(string yaml, int line, string ending)
    {
        string message = RecipeText.ErrorOf(yaml);

        Assert.StartsWith($"r.yaml:{line}: not valid YAML: ", message, StringComparison.Ordinal);
        Assert.EndsWith(ending, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", 100_000)]
    [InlineData("{a: ", 100_000)]
    [InlineData("- ", 100_000)]
    [InlineData("? ", 100_000)]
    public void Deep_nesting_is_refused_at_once(string opening, int depth)
    {
        string yaml = "a: " + (opening[0] is '-' or '?' ? "\n  " : "") + new StringBuilder().Insert(0, opening, depth);
        var clock = Stopwatch.StartNew();

        string message = RecipeText.ErrorOf(yaml);

        Assert.Matches("nested deeper than 32 levels; recipes never need that$|a key must be a plain name$", message);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"took {clock.Elapsed}");
    }

    [Fact]
    public void Nesting_is_allowed_up_to_its_limit()
    {
        Assert.Contains("unknown key", RecipeText.ErrorOf($"x: {new string('[', 31)}{new string(']', 31)}"), StringComparison.Ordinal);
        Assert.Contains("nested deeper", RecipeText.ErrorOf($"x: {new string('[', 32)}{new string(']', 32)}"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_megabyte_of_unknown_keys_is_refused_in_seconds()
    {
        string yaml = RecipeText.Minimal + string.Join('\n', Enumerable.Range(0, 80_000).Select(i => $"key{i}: 1"));
        var clock = Stopwatch.StartNew();

        Assert.Matches(@"^r\.yaml:5: key0: unknown key; .* \(and 79999 more\)$", RecipeText.ErrorOf(yaml));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), $"took {clock.Elapsed}");
    }

    [Fact]
    public void Random_text_is_refused_with_one_line_and_never_crashes()
    {
        const string Alphabet = "ab:-?[]{},&*!|>'\"%@`#~ \n\n  \t0.=\\\u0000\u0085\u2028é😀<";
        RandomStream random = new RandomStreams(7).Stream(StreamPurpose.DatasetGeneration);
        long position = 0;
        for (int round = 0; round < 5_000; round++)
        {
            var text = new StringBuilder(round % 2 == 0 ? RecipeText.Minimal : "");
            for (int i = 0; i < 24; i++)
            {
                text.Append(Alphabet[(int)(random.Bits(position++) % (ulong)Alphabet.Length)]);
            }

            Exception? error = Record.Exception(() => RecipeText.Parse(text.ToString()));
            Assert.True(error is null or RecipeException, $"{error} for {text}");
            Assert.DoesNotContain('\n', error?.Message ?? "");
        }
    }

    [Fact]
    public void Files_that_are_no_recipes_are_refused()
    {
        Assert.Equal($"{Write("latin.yaml", [(byte)'a', 0xE9, (byte)'b'])}: not UTF-8 text (byte 1); save it as UTF-8", LoadError("latin.yaml"));
        Assert.Equal(
            $"{Write("big.yaml", new byte[10 << 20])}: larger than 1 MiB, so hardly a recipe; name the YAML file of a recipe", LoadError("big.yaml"));
        Assert.StartsWith($"{_folder}: cannot be read: ", LoadError(""), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named_with_the_nearest_one_there()
    {
        Write("quickstart.yaml", "seed: 1"u8.ToArray());

        Assert.Equal(
            $"{_folder}/quikstart.yaml: no such recipe file; did you mean {_folder}/quickstart.yaml?", LoadError("quikstart.yaml"));
        Assert.Equal($"{_folder}/x/y.yaml: no such recipe file; there is no folder {_folder}/x either", LoadError("x/y.yaml"));
    }

    [Fact]
    public void A_byte_order_mark_and_windows_line_ends_are_no_harm()
    {
        string text = "\uFEFF" + RecipeText.Minimal.Replace("\n", "\r\n", StringComparison.Ordinal) + "seed: 5\r\n";

        Recipe recipe = RecipeLoader.Load(Write("crlf.yaml", Encoding.UTF8.GetBytes(text)), []);

        Assert.Equal(5, recipe.Seed);
        Assert.Equal("crlf", recipe.Name);
        Assert.Equal(Path.Combine(_folder, "train.jsonl"), recipe.RequireTrainData().Path);
    }

    private string LoadError(string name) =>
        Assert.Throws<RecipeException>(() => RecipeLoader.Load(Path.Combine(_folder, name), [])).Message;

    private string Write(string name, byte[] content)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, content);
        return path;
    }
}
