using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

/// <summary>Names in a run's files, there and back.</summary>
public sealed class RolloutNamesTests
{
    [Fact]
    public void Every_name_is_read_back_as_what_it_names()
    {
        Assert.All(Enum.GetValues<VerdictStatus>(), v => Assert.Equal(v, RolloutNames.ToStatus(RolloutNames.Of(v))));
        Assert.All(Enum.GetValues<FinishReason>(), v => Assert.Equal(v, RolloutNames.ToFinishReason(RolloutNames.Of(v))));
        Assert.All(Enum.GetValues<RolloutFate>(), v => Assert.Equal(v, RolloutNames.ToFate(RolloutNames.Of(v))));
        Assert.Equal(RolloutFate.Added, RolloutNames.ToFate("added"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Kept")]
    [InlineData("kept ")]
    public void Another_name_is_refused(string name)
    {
        Assert.Throws<ArgumentException>(() => RolloutNames.ToStatus(name));
        Assert.Throws<ArgumentException>(() => RolloutNames.ToFinishReason(name));
        Assert.Throws<ArgumentException>(() => RolloutNames.ToFate(name));
    }
}
