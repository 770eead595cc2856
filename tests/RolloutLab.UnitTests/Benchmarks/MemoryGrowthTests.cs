using RolloutLab.Benchmarks;
using RolloutLab.Core;

namespace RolloutLab.UnitTests.Benchmarks;

/// <summary>What the soak takes for a leak, on made series of samples: 80 MB, 1,000 samples, the last tenth after the last step.</summary>
public sealed class MemoryGrowthTests
{
    private const double Megabyte = 1 << 20;
    private const int Samples = 1000;
    private const int AfterTheEnd = 100;
    private const double WarmUp = 0.5;

    [Theory]
    [InlineData(0.021)]
    [InlineData(0.05)]
    [InlineData(0.5)]
    public void A_leak_is_found_at_its_size_also_below_the_swings_of_a_collector(double leak)
    {
        // Over the measured half of the steps it comes to this share.
        Assert.Equal(leak, Growth(done => 80 * (1 + (leak * (done - WarmUp) / (1 - WarmUp)))), 0.003);
        Assert.InRange(Growth(done => (80 * (1 + (leak * (done - WarmUp) / (1 - WarmUp)))) + Sawtooth(done)), (0.9 * leak) - 0.006, (1.1 * leak) + 0.006);
    }

    [Fact]
    public void A_list_that_doubles_is_found_where_its_last_doubling_lies_in_the_measured_steps() =>
        Assert.InRange(Growth(done => 80 + (done < 0.6 ? 4 : done < 0.75 ? 8 : 16)), 0.05, 0.2);

    [Fact]
    public void Sawtooth_warm_up_swings_and_what_follows_the_last_step_are_no_growth()
    {
        Assert.Equal(0, Growth(_ => 80), 1e-9);
        Assert.InRange(Growth(done => 80 + Sawtooth(done)), -0.005, 0.005);

        // Code is compiled and the collector learns; then it is flat.
        Assert.Equal(0, Growth(done => done < 0.4 ? 60 + (50 * done) : 80), 1e-9);

        // A level that the collector takes and gives back.
        Assert.Equal(0, Growth(done => done is > 0.65 and < 0.93 ? 84 : 80), 1e-9);

        // Pictures are drawn of the metrics when the steps are over.
        Assert.Equal(0, MemoryGrowth.Of([.. Series(_ => 80).Select((s, i) => i < Samples - AfterTheEnd ? s : (s.Done, s.Bytes * 1.3))], WarmUp), 1e-9);
    }

    [Fact]
    public void Memory_that_is_given_back_is_less_than_none() => Assert.InRange(Growth(done => done < 0.7 ? 84 : 80), -0.07, -0.04);

    [Fact]
    public void Few_samples_do_and_none_do_not()
    {
        Assert.Equal(0.1 / 0.8, MemoryGrowth.Of([(5, 100), (20, 110)], 0), 1e-9);
        Assert.Throws<ArgumentException>(() => MemoryGrowth.Of([], WarmUp));
    }

    private static double Growth(Func<double, double> megabytes) => MemoryGrowth.Of(Series(megabytes), WarmUp);

    private static List<(double Done, double Bytes)> Series(Func<double, double> megabytes)
    {
        const int steps = Samples - AfterTheEnd;
        return [.. Enumerable.Range(0, Samples).Select(i => Math.Min(1, (double)i / steps)).Select(done => (done * 12_345, megabytes(done) * Megabyte))];
    }

    /// <summary>8 MB up and down, at an uneven pace.</summary>
    private static double Sawtooth(double done)
    {
        var teeth = (done * 37) + new RandomStreams(1).Stream(StreamPurpose.DatasetGeneration).Uniform((long)(done * 37)) * 0.3;
        return 8 * (teeth - Math.Floor(teeth));
    }
}
