using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

public sealed class TensorBoardLogTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Events => _folder.File("events.out.tfevents.x");

    [Fact]
    public void The_reference_checksum_is_that_of_the_standard() =>
        Assert.Equal(0xE3069283u, EventFileReader.Crc("123456789"u8.ToArray()));

    [Fact]
    public void Metrics_are_scalars_of_their_steps()
    {
        Write(Noon, (0, [new("val/é", 0.25)]), (300, [new("reward", 1.5), new("loss", double.NaN), new("big", 1e300)]));

        var events = EventFileReader.Read(Events);

        Assert.Equal("brain.Event:2", events[0].Version);
        Assert.Equal([0L, 0L, 300L], events.Select(e => e.Step));
        Assert.Equal([("val/é", 0.25f)], events[1].Scalars);
        Assert.Equal([("reward", 1.5f), ("loss", float.NaN), ("big", float.PositiveInfinity)], events[2].Scalars);
        Assert.All(events, e => Assert.Equal(Noon.ToUnixTimeSeconds(), e.WallTime, 1e-6));
    }

    [Fact]
    public void Taken_back_to_a_step_and_written_again_no_step_is_there_twice()
    {
        Write(Noon, (1, [new("a", 1)]), (2, [new("a", 2)]), (3, [new("a", 3)]));
        var whole = File.ReadAllBytes(Events);

        // Every way a process can die while it writes the last record.
        for (var length = whole.Length - 1; length >= whole.Length - 20; length--)
        {
            File.WriteAllBytes(Events, whole[..length]);
            TensorBoardLog.KeepThrough(Events, 2);
            Write(Noon, (3, [new("a", 3)]));
            Assert.Equal(whole, File.ReadAllBytes(Events));
        }

        TensorBoardLog.KeepThrough(Events, 1);
        Assert.Equal([0L, 1L], EventFileReader.Read(Events).Select(e => e.Step));
        TensorBoardLog.KeepThrough(Events, -1);
        Assert.Empty(File.ReadAllBytes(Events));
        TensorBoardLog.KeepThrough(_folder.File("none"), 1);
    }

    [Fact]
    public void A_damaged_event_that_should_be_kept_is_told_with_its_place()
    {
        Write(Noon, (1, [new("a", 1)]), (2, [new("a", 2)]));
        var whole = File.ReadAllBytes(Events);
        for (var at = 0; at < whole.Length; at++)
        {
            var damaged = whole.ToArray();
            damaged[at] ^= 4;
            File.WriteAllBytes(Events, damaged);
            Assert.Contains("is damaged", Assert.Throws<RunException>(() => TensorBoardLog.KeepThrough(Events, 2)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Wall_time_stands_still_when_the_clock_goes_back()
    {
        var clock = new SettableClock { Now = Noon };
        using (var log = new TensorBoardLog(Events, clock))
        {
            log.Append(1, [new("a", 1)]);
            clock.Now = Noon.AddHours(-3);
            log.Append(2, [new("a", 1)]);
            clock.Now = Noon.AddHours(1);
            log.Append(3, [new("a", 1)]);
        }

        Assert.Equal([0, 0, 0, 3600], EventFileReader.Read(Events).Select(e => e.WallTime - Noon.ToUnixTimeSeconds()));
    }

    [Fact]
    public void A_full_disk_is_one_line() =>
        Assert.Contains("/dev/full", Assert.Throws<RunException>(() => new TensorBoardLog("/dev/full", TimeProvider.System)).Message, StringComparison.Ordinal);

    private void Write(DateTimeOffset now, params (long Step, KeyValuePair<string, double>[] Metrics)[] rows)
    {
        using var log = new TensorBoardLog(Events, new SettableClock { Now = now });
        foreach (var (step, metrics) in rows)
        {
            log.Append(step, metrics);
        }
    }

    private sealed class SettableClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
