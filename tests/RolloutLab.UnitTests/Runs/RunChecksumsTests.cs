using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

public sealed class RunChecksumsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RunChecksumsTests()
    {
        Directory.CreateDirectory(_folder.File("rollouts"));
        File.WriteAllText(_folder.File("metrics.jsonl"), "{\"step\":1,\"reward\":0.25}\n");
        File.WriteAllText(_folder.File("recipe.yaml"), "seed: 1\n");
        File.WriteAllText(Path.Combine(_folder.File("rollouts"), "step-000001.parquet"), "PAR1 rollouts PAR1");
        RunChecksums.Write(_folder.Path);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("metrics.jsonl")]
    [InlineData("recipe.yaml")]
    [InlineData("rollouts/step-000001.parquet")]
    public void Any_flipped_bit_any_lost_byte_and_a_lost_file_are_told(string name)
    {
        var path = _folder.File(name);
        var whole = File.ReadAllBytes(path);
        RunChecksums.Verify(_folder.Path);
        for (var bit = 0; bit < 8 * whole.Length; bit++)
        {
            var flipped = whole.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(path, flipped);
            Told($"{path} does not match its checksum", name);
        }

        File.WriteAllBytes(path, whole[..^1]);
        Told($"{path} has {whole.Length - 1} bytes instead of {whole.Length}", name);
        File.Delete(path);
        Told($"{path} is missing", name);
    }

    [Fact]
    public void Only_the_files_asked_for_are_checked()
    {
        File.AppendAllText(_folder.File("metrics.jsonl"), "x");

        RunChecksums.Verify(_folder.Path, "recipe.yaml", "rollouts");

        Assert.Throws<RunException>(() => RunChecksums.Verify(_folder.Path, "metrics.jsonl"));
        RunChecksums.Remove(_folder.Path);
        RunChecksums.Verify(_folder.Path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"metrics.jsonl":[]}""")]
    [InlineData("""{"metrics.jsonl":["a","b"]}""")]
    [InlineData("""{"metrics.jsonl":3}""")]
    public void Damaged_checksums_are_told(string text)
    {
        File.WriteAllText(_folder.File(RunChecksums.FileName), text);

        Assert.Contains("checksums.json is damaged", Assert.Throws<RunException>(() => RunChecksums.Verify(_folder.Path)).Message, StringComparison.Ordinal);
    }

    private void Told(string expected, string name)
    {
        Assert.Contains(expected, Assert.Throws<RunException>(() => RunChecksums.Verify(_folder.Path)).Message, StringComparison.Ordinal);
        Assert.Throws<RunException>(() => RunChecksums.Verify(_folder.Path, name.Split('/')[0]));
    }
}
