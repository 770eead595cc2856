using System.Text.Json;
using RolloutLab.Cli;

namespace RolloutLab.EndToEndTests.CommandLine;

public sealed class InstalledProgramTests : IDisposable
{
    private const string Recipe =
        """
        model: { path: model }
        data:
          train: { type: jsonl, path: train.jsonl }
        verifier: { type: numeric }

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("rolloutlab-test-").FullName;

    public InstalledProgramTests() => File.WriteAllText(Path.Combine(_folder, "my.yaml"), Recipe);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_version_is_one_line() =>
        Assert.Equal(new CallResult(0, $"rolloutlab {CommandLineProgram.Version}\n", ""), InstalledProgram.Run(_folder, "--version"));

    [Fact]
    public void A_shown_recipe_is_complete_and_shows_the_same_again()
    {
        var shown = InstalledProgram.Run(_folder, "recipe", "show", "my.yaml", "--set", "training.steps=9");
        Assert.Equal((0, ""), (shown.Code, shown.Error));
        Assert.Contains("steps: 9", shown.Out, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_folder, "full.yaml"), shown.Out);
        Assert.Equal(shown.Out, InstalledProgram.Run(_folder, "recipe", "show", "full.yaml").Out);
    }

    [Fact]
    public void Checking_goes_through_all_files_and_fails_when_one_is_wrong()
    {
        File.WriteAllText(Path.Combine(_folder, "bad.yaml"), $"sed: 1\n{Recipe}");
        var result = InstalledProgram.Run(_folder, "recipe", "check", "bad.yaml", "my.yaml", "none.yaml");
        Assert.Equal((2, "my.yaml: ok\n"), (result.Code, result.Out));
        var errors = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, errors.Length);
        Assert.StartsWith("rolloutlab: bad.yaml:1: sed: ", errors[0], StringComparison.Ordinal);
        Assert.Contains("did you mean seed?", errors[0], StringComparison.Ordinal);
        Assert.StartsWith("rolloutlab: none.yaml: no such recipe file", errors[1], StringComparison.Ordinal);
    }

    [Fact]
    public void The_schema_can_be_looked_up_by_section()
    {
        var result = InstalledProgram.Run(_folder, "recipe", "schema", "rollout");
        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.All(
            result.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where((_, i) => i % 2 == 0),
            line => Assert.StartsWith("rollout", line, StringComparison.Ordinal));
        Assert.Equal(
            new CallResult(2, "", "rolloutlab: recipes have no key rolout; did you mean rollout?\n"),
            InstalledProgram.Run(_folder, "recipe", "schema", "rolout"));
    }

    [Fact]
    public void The_schema_as_json_is_one_document()
    {
        using var schema = JsonDocument.Parse(InstalledProgram.Run(_folder, "recipe", "schema", "--json").Out);
        Assert.True(schema.RootElement.GetProperty("properties").TryGetProperty("rollout", out _));
    }

    [Fact]
    public void Countdown_problems_are_the_same_for_the_same_seed()
    {
        string[] call = ["data", "countdown", "--train", "50", "--heldout", "20", "--share-four", "0.5", "--seed"];
        var result = InstalledProgram.Run(_folder, [.. call, "3", "--out", "a"]);
        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.StartsWith("wrote 50 problems to a/train.jsonl and 20 to a/heldout.jsonl (", result.Out, StringComparison.Ordinal);
        InstalledProgram.Run(_folder, [.. call, "3", "--out", "b"]);
        InstalledProgram.Run(_folder, [.. call, "4", "--out", "c"]);
        Assert.Equal(Bytes("a/train.jsonl"), Bytes("b/train.jsonl"));
        Assert.Equal(Bytes("a/heldout.jsonl"), Bytes("b/heldout.jsonl"));
        Assert.NotEqual(Bytes("a/train.jsonl"), Bytes("c/train.jsonl"));
        Assert.Equal(50, File.ReadLines(Path.Combine(_folder, "a/train.jsonl")).Count());
    }

    [Fact]
    public void An_output_folder_that_cannot_be_written_is_one_line()
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        var result = InstalledProgram.Run(_folder, "data", "countdown", "--train", "5", "--heldout", "5", "--out", "file/inside");
        Assert.Equal((2, "", 1), (result.Code, result.Out, result.Error.Count(c => c == '\n')));
        Assert.Contains("file/inside", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Training_without_the_native_layer_is_a_matter_of_set_up()
    {
        var result = InstalledProgram.Run(_folder, "train", "my.yaml");
        Assert.Equal((69, "", 1), (result.Code, result.Out, result.Error.Count(c => c == '\n')));
        Assert.StartsWith("rolloutlab: ROLLOUTLAB_NATIVE names ", result.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder, "runs")));
    }

    [Fact]
    public void The_doctor_finds_the_native_layer_missing_and_still_reports_everything()
    {
        var result = InstalledProgram.Run(_folder, "doctor", "--json");
        Assert.Equal((1, ""), (result.Code, result.Error));
        using var report = JsonDocument.Parse(result.Out);
        Assert.Equal("problem", report.RootElement.GetProperty("status").GetString());
    }

    private byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(_folder, name));
}
