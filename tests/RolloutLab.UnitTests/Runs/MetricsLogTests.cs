using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

public sealed class MetricsLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_row_has_the_keys_in_the_order_given_and_numbers_that_read_back_exactly()
    {
        using (var log = new MetricsLog(_folder.File("m.jsonl")))
        {
            log.Append(0, [new("val-core/pass_at_1", 0.1 + 0.2), new("actor/lr", 1e-6), new("a", 3), new("b", -0.5)]);
            log.Append(7, []);
        }

        Assert.Equal(
            """
            {"step":0,"val-core/pass_at_1":0.30000000000000004,"actor/lr":1E-06,"a":3,"b":-0.5}
            {"step":7}

            """,
            File.ReadAllText(_folder.File("m.jsonl")));
    }

    [Fact]
    public void Values_json_cannot_hold_are_left_out_and_named()
    {
        using (var log = new MetricsLog(_folder.File("m.jsonl")))
        {
            log.Append(1, [new("x", double.NaN), new("y", 1), new("z", double.NegativeInfinity)]);
        }

        Assert.Equal("{\"step\":1,\"y\":1,\"non_finite\":[\"x\",\"z\"]}\n", File.ReadAllText(_folder.File("m.jsonl")));
    }

    [Fact]
    public void Each_row_can_be_read_while_the_log_is_open()
    {
        using var log = new MetricsLog(_folder.File("m.jsonl"));
        log.Append(1, [new("x", 2)]);
        using var reader = new StreamReader(new FileStream(_folder.File("m.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        Assert.Equal("{\"step\":1,\"x\":2}\n", reader.ReadToEnd());
    }

    [Fact]
    public void An_existing_log_is_continued()
    {
        File.WriteAllText(_folder.File("m.jsonl"), "{\"step\":1}\n");
        using (var log = new MetricsLog(_folder.File("m.jsonl")))
        {
            log.Append(2, []);
        }

        Assert.Equal("{\"step\":1}\n{\"step\":2}\n", File.ReadAllText(_folder.File("m.jsonl")));
    }

    [Fact]
    public void Names_that_clash_and_steps_that_go_back_are_the_callers_bug_and_write_nothing()
    {
        using (var log = new MetricsLog(_folder.File("m.jsonl")))
        {
            log.Append(2, []);
            Assert.Throws<ArgumentException>(() => log.Append(3, [new("x", 1), new("x", 2)]));
            Assert.Throws<ArgumentException>(() => log.Append(3, [new("step", 1)]));
            Assert.Throws<ArgumentOutOfRangeException>(() => log.Append(1, []));
        }

        Assert.Equal("{\"step\":2}\n", File.ReadAllText(_folder.File("m.jsonl")));
    }

    [Fact]
    public void A_full_disk_is_one_line_that_names_the_path_and_the_remedy()
    {
        using var log = new MetricsLog("/dev/full");
        var error = Assert.Throws<RunException>(() => log.Append(1, [new("x", 1)]));
        Assert.Equal("cannot write /dev/full: no space left on the disk; free some space or choose another folder with --run-dir", error.Message);
    }

    [Fact]
    public void A_missing_folder_is_one_line_that_names_the_path()
    {
        var path = _folder.File("missing/m.jsonl");
        var error = Assert.Throws<RunException>(() => new MetricsLog(path));
        Assert.Equal($"cannot write {path}: its folder does not exist and cannot be made; choose another folder with --run-dir", error.Message);
    }
}
