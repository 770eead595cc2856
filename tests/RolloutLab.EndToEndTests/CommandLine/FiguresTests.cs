using RolloutLab.Cli;

namespace RolloutLab.EndToEndTests.CommandLine;

public sealed class FiguresTests
{
    [Theory]
    [InlineData(0, "0.0 s")]
    [InlineData(-3, "0.0 s")]
    [InlineData(59.94, "59.9 s")]
    [InlineData(59.96, "1:00")]
    [InlineData(112, "1:52")]
    [InlineData(3599.4, "59:59")]
    [InlineData(3599.6, "1:00:00")]
    [InlineData(36_061, "10:01:01")]
    public void Durations_never_show_sixty_of_a_unit(double seconds, string expected) => Assert.Equal(expected, Figures.Duration(seconds));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(9_999, "9,999")]
    [InlineData(10_000, "10.0 k")]
    [InlineData(99_949, "99.9 k")]
    [InlineData(99_951, "100 k")]
    [InlineData(999_499, "999 k")]
    [InlineData(999_500, "1.00 M")]
    [InlineData(2_508_000, "2.51 M")]
    [InlineData(12_340_000_000, "12.3 G")]
    public void Amounts_have_three_digits_also_where_rounding_adds_one(double value, string expected) => Assert.Equal(expected, Figures.Amount(value));

    [Theory]
    [InlineData(0, "0 KiB")]
    [InlineData(1 << 20, "1 MiB")]
    [InlineData(702L << 20, "702 MiB")]
    [InlineData(1L << 30, "1.00 GiB")]
    [InlineData(24L << 30, "24.0 GiB")]
    public void Bytes_are_in_binary_units(long bytes, string expected) => Assert.Equal(expected, Figures.Bytes(bytes));

    [Fact]
    public void A_curve_goes_from_its_least_to_its_greatest_value()
    {
        Assert.Equal("▁▅█", Sparkline.Of([1, 2, 3], 10));
        Assert.Equal("█▁", Sparkline.Of([0.2, -5], 10));
        Assert.Equal("▅▅", Sparkline.Of([7, 7], 10));
        Assert.Equal("▁█", Sparkline.Of([0, double.NaN, 1, double.PositiveInfinity], 10));
        Assert.Equal("", Sparkline.Of([], 10));
    }

    [Fact]
    public void A_long_curve_is_averaged_to_fit_and_uses_every_value()
    {
        // Five values in two characters: the means are 1 (of 0, 2) and 13 (of 9, 10, 20).
        Assert.Equal("▁█", Sparkline.Of([0, 2, 9, 10, 20], 2));
        Assert.Equal("▅", Sparkline.Of([0, 2, 9, 10, 20], 1));
        Assert.Equal(7, Sparkline.Of([.. Enumerable.Range(0, 100).Select(i => (double)i)], 7).Length);
    }
}
