using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

/// <summary>A run of steps 1 to 6 with checkpoints at 3 and 6: a row of metrics and a stored file a step.</summary>
public sealed class RunChecksumsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RunChecksumsTests()
    {
        Directory.CreateDirectory(_folder.File("rollouts"));
        File.WriteAllText(_folder.File("recipe.yaml"), "seed: 1\n");
        using var checksums = new RunChecksums(_folder.Path);
        checksums.Append(0);
        Steps(checksums, 1, 3);
        Steps(checksums, 4, 6);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("metrics.jsonl", false)]
    [InlineData("metrics.jsonl", true)]
    [InlineData("recipe.yaml", false)]
    [InlineData("rollouts/step-000002.parquet", false)]
    [InlineData("rollouts/step-000005.parquet", true)]
    public void A_flipped_bit_in_any_byte_any_lost_byte_and_a_lost_file_are_told(string name, bool ended)
    {
        if (ended)
        {
            End();
        }

        var path = _folder.File(name);
        var whole = File.ReadAllBytes(path);
        RunChecksums.Verify(_folder.Path);
        for (var at = 0; at < whole.Length; at++)
        {
            var flipped = whole.ToArray();
            flipped[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(path, flipped);
            Told($"{path} does not match its checksum", name);
        }

        File.WriteAllBytes(path, whole[..^1]);
        Told($"{path} has {whole.Length - 1} bytes instead of {whole.Length}", name);
        File.Delete(path);
        Told($"{path} is missing", name);
    }

    [Fact]
    public void What_is_told_names_the_steps()
    {
        Flip("metrics.jsonl", 1);
        Flip("rollouts/step-000005.parquet", 1);

        Assert.Contains("metrics.jsonl does not match its checksum (of what it got in steps 1 to 3)", Fault(() => RunChecksums.Verify(_folder.Path)), StringComparison.Ordinal);
        Assert.Contains("step-000005.parquet does not match its checksum (step 5)", Fault(() => RunChecksums.Verify(_folder.Path, "rollouts")), StringComparison.Ordinal);
        Flip("metrics.jsonl", 1);
        Flip("metrics.jsonl", (int)new FileInfo(_folder.File("metrics.jsonl")).Length - 2);
        Assert.Contains("(of what it got in steps 4 to 6)", Fault(() => RunChecksums.Verify(_folder.Path, "metrics.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_goes_on_is_checked_up_to_its_step_and_not_beyond()
    {
        Flip("rollouts/step-000004.parquet", 0);
        File.AppendAllText(_folder.File("metrics.jsonl"), "{\"step\":7}\n{\"st");

        RunChecksums.VerifyThrough(_folder.Path, 3);
        Assert.Contains("step-000004.parquet", Fault(() => RunChecksums.VerifyThrough(_folder.Path, 6)), StringComparison.Ordinal);
        Assert.Contains("says nothing of step 5", Fault(() => RunChecksums.VerifyThrough(_folder.Path, 5)), StringComparison.Ordinal);

        // As resume does from step 3: the steps after it are done again, and end otherwise.
        RunChecksums.KeepThrough(_folder.Path, 3);
        File.WriteAllLines(_folder.File("metrics.jsonl"), File.ReadAllLines(_folder.File("metrics.jsonl")).Take(3));
        using (var checksums = new RunChecksums(_folder.Path))
        {
            Steps(checksums, 4, 7);
        }

        RunChecksums.VerifyThrough(_folder.Path, 7);
        Flip("metrics.jsonl", 1);
        Assert.Contains("steps 1 to 3", Fault(() => RunChecksums.VerifyThrough(_folder.Path, 7)), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_may_be_added_to_a_run_that_ended_until_it_goes_on()
    {
        File.AppendAllText(_folder.File("metrics.jsonl"), "x");
        RunChecksums.Verify(_folder.Path);
        End();
        RunChecksums.Verify(_folder.Path);
        File.AppendAllText(_folder.File("metrics.jsonl"), "y");

        Assert.Contains("bytes instead of", Fault(() => RunChecksums.Verify(_folder.Path)), StringComparison.Ordinal);
        RunChecksums.Verify(_folder.Path, "recipe.yaml", "rollouts");
        RunChecksums.KeepThrough(_folder.Path, 6);
        RunChecksums.Verify(_folder.Path);
        File.WriteAllText(_folder.File("summary.json"), "another");
        RunChecksums.End(_folder.Path, 6);
        RunChecksums.Verify(_folder.Path);
    }

    [Fact]
    public void A_run_without_checksums_passes_and_gets_them_with_its_next_checkpoint()
    {
        File.Delete(_folder.File(RunChecksums.FileName));
        Flip("metrics.jsonl", 1);
        RunChecksums.VerifyThrough(_folder.Path, 6);
        using (var checksums = new RunChecksums(_folder.Path))
        {
            Steps(checksums, 7, 8);
        }

        RunChecksums.VerifyThrough(_folder.Path, 8);
        Flip("rollouts/step-000002.parquet", 1);
        Assert.Contains("step-000002.parquet", Fault(() => RunChecksums.VerifyThrough(_folder.Path, 8)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"step":1}""")]
    [InlineData("""{"step":1,"files":{"metrics.jsonl":[]}}""")]
    [InlineData("""{"step":1,"files":{"metrics.jsonl":["a","b","c"]}}""")]
    [InlineData("""{"step":1,"files":{"metrics.jsonl":3}}""")]
    [InlineData("""{"step":"x","files":{}}""")]
    public void Damaged_checksums_are_told(string row)
    {
        File.WriteAllText(_folder.File(RunChecksums.FileName), row + "\n");

        Assert.Contains("checksums.jsonl:1 is damaged", Fault(() => RunChecksums.Verify(_folder.Path)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_that_was_not_written_whole_does_not_count()
    {
        var path = _folder.File(RunChecksums.FileName);
        File.AppendAllText(path, "{\"step\":9,\"fil");

        RunChecksums.VerifyThrough(_folder.Path, 6);
        RunChecksums.KeepThrough(_folder.Path, 6);
        Assert.Equal('\n', File.ReadAllText(path)[^1]);
    }

    private static string Fault(Action action) => Assert.Throws<RunException>(action).Message;

    private void Steps(RunChecksums checksums, int first, int last)
    {
        for (var step = first; step <= last; step++)
        {
            File.AppendAllText(_folder.File("metrics.jsonl"), $"{{\"step\":{step},\"reward\":0.25}}\n");
            File.WriteAllText(_folder.File($"rollouts/step-{step:D6}.parquet"), $"PAR1 {step} PAR1");
        }

        checksums.Append(last);
    }

    private void End()
    {
        File.WriteAllText(_folder.File("summary.json"), "{}");
        RunChecksums.End(_folder.Path, 6);
    }

    private void Flip(string name, int at)
    {
        var bytes = File.ReadAllBytes(_folder.File(name));
        bytes[at] ^= 4;
        File.WriteAllBytes(_folder.File(name), bytes);
    }

    private void Told(string expected, string name)
    {
        Assert.Contains(expected, Fault(() => RunChecksums.Verify(_folder.Path)), StringComparison.Ordinal);
        Assert.Throws<RunException>(() => RunChecksums.Verify(_folder.Path, name.Split('/')[0]));
    }
}
