using RolloutLab.Core;
using RolloutLab.Data;

namespace RolloutLab.UnitTests.Data;

public sealed class PromptSamplerTests
{
    [Theory]
    [InlineData(10, 3)]
    [InlineData(10, 7)]
    [InlineData(10, 10)]
    [InlineData(7, 5)]
    [InlineData(1, 1)]
    [InlineData(64, 24)]
    public void Steps_never_repeat_a_prompt_and_passes_stay_even(int size, int count)
    {
        var sampler = Sampler(size);
        var seen = new int[size];
        for (var step = 0; step < 200; step++)
        {
            var indices = sampler.Next(count).Select(p => p.Index).ToList();
            Assert.Equal(count, indices.Count);
            Assert.Equal(count, indices.Distinct().Count());
            indices.ForEach(i => seen[i]++);

            // Handed out as evenly as passes allow: put-off prompts make a difference of at most two.
            Assert.InRange(seen.Max() - seen.Min(), 0, 2);
        }
    }

    [Fact]
    public void A_whole_pass_has_every_prompt_once_and_passes_differ()
    {
        var sampler = Sampler(40);
        var first = Enumerable.Range(0, 4).SelectMany(_ => sampler.Next(10)).Select(p => p.Index).ToList();
        var second = Enumerable.Range(0, 4).SelectMany(_ => sampler.Next(10)).Select(p => p.Index).ToList();
        Assert.Equal(Enumerable.Range(0, 40), first.Order());
        Assert.Equal(Enumerable.Range(0, 40), second.Order());
        Assert.NotEqual(first, second);
        Assert.NotEqual(Enumerable.Range(0, 40), first);
    }

    [Fact]
    public void Steps_larger_than_the_set_repeat_as_late_as_possible()
    {
        var indices = Sampler(3).Next(8).Select(p => p.Index).ToList();
        Assert.Equal([0, 1, 2], indices.Take(3).Order());
        Assert.Equal([0, 1, 2], indices.Skip(3).Take(3).Order());
        Assert.Equal(2, indices.Skip(6).Distinct().Count());
    }

    [Fact]
    public void A_restored_sampler_continues_exactly()
    {
        var sampler = Sampler(10);
        for (var step = 0; step < 30; step++)
        {
            var resumed = Sampler(10);
            resumed.Restore(sampler.State);
            var expected = sampler.Next(7).Select(p => p.Index).ToList();
            Assert.Equal(expected, resumed.Next(7).Select(p => p.Index));
        }
    }

    [Fact]
    public void The_seed_decides_the_order()
    {
        Assert.Equal(Order(Sampler(50)), Order(Sampler(50)));
        Assert.NotEqual(Order(Sampler(50)), Order(Sampler(50, seed: 2)));
    }

    [Fact]
    public void A_state_of_another_set_is_refused()
    {
        foreach (var state in new[] { new PromptSamplerState(0, 11, []), new(-1, 0, []), new(0, 0, [10]), new(0, -1, []) })
        {
            Assert.Throws<CheckpointException>(() => Sampler(10).Restore(state));
        }
    }

    private static List<int> Order(PromptSampler sampler) => [.. sampler.Next(50).Select(p => p.Index)];

    private static PromptSampler Sampler(int size, ulong seed = 1)
    {
        var prompts = Enumerable.Range(0, size).Select(i => new Prompt(i, $"p{i}", "?", [0], "1")).ToList();
        return new PromptSampler(new PromptSet("set", prompts), new RandomStreams(seed));
    }
}
