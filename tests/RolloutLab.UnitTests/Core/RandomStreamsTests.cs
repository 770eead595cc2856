using System.Numerics;
using RolloutLab.Core;

namespace RolloutLab.UnitTests.Core;

public sealed class RandomStreamsTests
{
    /// <summary>The published known-answer vectors of Philox4x32-10 pin the reference of this file.</summary>
    [Theory]
    [InlineData("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8")]
    [InlineData("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd")]
    [InlineData("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1")]
    public void The_reference_gives_the_published_answers(string counter, string key, string answer)
    {
        Assert.Equal(Words(answer), ReferencePhilox(Words(counter), Words(key)));

        static uint[] Words(string text) => [.. text.Split(' ').Select(word => Convert.ToUInt32(word, 16))];
    }

    /// <summary>Pins the draws of every run to come: a stream is Philox under a key that Philox made of its name.</summary>
    [Theory]
    [InlineData(0ul, StreamPurpose.TrainingRollout, 0L, 0L, 0L, 0L)]
    [InlineData(1ul, StreamPurpose.EvaluationRollout, 17L, 3L, 15L, 95L)]
    [InlineData(0xFEDCBA9876543210ul, StreamPurpose.DatasetGeneration, 5_000_000_000L, 7_000_000_000L, 9_000_000_000L, 1L << 40)]
    public void A_draw_is_philox_under_the_hashed_key(
        ulong seed, StreamPurpose purpose, long step, long prompt, long rollout, long position)
    {
        var first = ReferenceBlock((ulong)step, (ulong)prompt, seed ^ ((ulong)purpose << 56));
        var second = ReferenceBlock((ulong)rollout, first.High, first.Low);
        var expected = ReferenceBlock((ulong)position, second.High, second.Low).Low;

        var stream = new RandomStreams(seed).Stream(purpose, step, prompt, rollout);

        Assert.Equal(expected, stream.Bits(position));
        Assert.Equal((double)(expected >> 11) / (1ul << 53), stream.Uniform(position));
    }

    [Fact]
    public void Draws_do_not_depend_on_the_order_they_are_made_in()
    {
        var stream = new RandomStreams(9).Stream(StreamPurpose.TrainingRollout, 1, 2, 3);
        var forwards = Enumerable.Range(0, 100).Select(i => stream.Uniform(i)).ToList();
        var again = new RandomStreams(9).Stream(StreamPurpose.TrainingRollout, 1, 2, 3);

        for (var i = 99; i >= 0; i--)
        {
            Assert.Equal(forwards[i], again.Uniform(i));
        }
    }

    [Fact]
    public void Every_part_of_the_key_changes_the_draws()
    {
        var streams = new RandomStreams(4);
        var seen = new HashSet<ulong>();
        var made = 0;
        foreach (var purpose in Enum.GetValues<StreamPurpose>())
        {
            for (var step = 0; step < 4; step++)
            {
                for (var prompt = 0; prompt < 4; prompt++)
                {
                    for (var rollout = 0; rollout < 4; rollout++)
                    {
                        for (var position = 0; position < 4; position++, made++)
                        {
                            seen.Add(streams.Stream(purpose, step, prompt, rollout).Bits(position));
                        }
                    }
                }
            }
        }

        seen.Add(new RandomStreams(5).Stream(StreamPurpose.TrainingRollout).Bits(0));
        Assert.Equal(made + 1, seen.Count);
    }

    /// <summary>Along each part of the key, neighbours are uniform and uncorrelated.</summary>
    [Theory]
    [InlineData("position")]
    [InlineData("rollout")]
    [InlineData("prompt")]
    [InlineData("step")]
    public void Draws_are_uniform_and_uncorrelated_along(string part)
    {
        const int Count = 100_000;
        const int Bins = 100;
        var streams = new RandomStreams(31);
        var draws = new double[Count];
        for (var i = 0; i < Count; i++)
        {
            draws[i] = part switch
            {
                "position" => streams.Stream(StreamPurpose.TrainingRollout).Uniform(i),
                "rollout" => streams.Stream(StreamPurpose.TrainingRollout, rollout: i).Uniform(0),
                "prompt" => streams.Stream(StreamPurpose.TrainingRollout, prompt: i).Uniform(0),
                _ => streams.Stream(StreamPurpose.TrainingRollout, step: i).Uniform(0),
            };
        }

        Assert.All(draws, draw => Assert.True(draw is >= 0 and < 1));
        var counts = new int[Bins];
        foreach (var draw in draws)
        {
            counts[(int)(draw * Bins)]++;
        }

        const double Expected = (double)Count / Bins;
        var statistic = counts.Sum(count => (count - Expected) * (count - Expected) / Expected);
        Assert.InRange(statistic, 60, 148.2); // 99 degrees of freedom, 0.001 on either side

        var correlation = draws.Zip(draws.Skip(1), (a, b) => (a - 0.5) * (b - 0.5)).Sum() / (Count / 12.0);
        Assert.InRange(correlation, -0.0104, 0.0104); // 3.3 standard errors
    }

    [Fact]
    public void Below_is_uniform_and_refuses_an_empty_range()
    {
        var stream = new RandomStreams(8).Stream(StreamPurpose.DatasetGeneration);
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++)
        {
            counts[stream.Below(i, 7)]++;
        }

        var statistic = counts.Sum(count => (count - 10_000.0) * (count - 10_000.0) / 10_000.0);
        Assert.InRange(statistic, 0.3, 22.46); // 6 degrees of freedom
        Assert.Equal(0, stream.Below(3, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => stream.Below(0, 0));
    }

    [Fact]
    public void Normal_numbers_have_the_moments_and_tails_of_the_standard_normal()
    {
        const int Count = 200_000;
        var stream = new RandomStreams(12).Stream(StreamPurpose.WeightInitialization);
        var draws = Enumerable.Range(0, Count).Select(i => stream.Normal(i)).ToArray();

        Assert.InRange(draws.Average(), -0.0074, 0.0074);
        Assert.InRange(draws.Average(x => x * x), 1 - 0.0105, 1 + 0.0105);
        Assert.InRange(draws.Average(x => x * x * x * x), 3 - 0.073, 3 + 0.073);
        Assert.InRange(draws.Count(x => Math.Abs(x) > 1.959964) / (double)Count, 0.0484, 0.0516);
    }

    [Fact]
    public void Shuffle_makes_every_order_equally_often()
    {
        var streams = new RandomStreams(3);
        var counts = new Dictionary<string, int>();
        Span<char> letters = stackalloc char[4];
        for (var i = 0; i < 24_000; i++)
        {
            "abcd".CopyTo(letters);
            streams.Stream(StreamPurpose.PromptOrder, i).Shuffle(letters);
            var order = letters.ToString();
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        Assert.Equal(24, counts.Count);
        var statistic = counts.Values.Sum(count => (count - 1000.0) * (count - 1000.0) / 1000.0);
        Assert.InRange(statistic, 7, 49.73); // 23 degrees of freedom
    }

    private static (ulong Low, ulong High) ReferenceBlock(ulong low, ulong high, ulong key)
    {
        var result = ReferencePhilox(
            [(uint)(low & uint.MaxValue), (uint)(low >> 32), (uint)(high & uint.MaxValue), (uint)(high >> 32)],
            [(uint)(key & uint.MaxValue), (uint)(key >> 32)]);
        return (result[0] + ((ulong)result[1] << 32), result[2] + ((ulong)result[3] << 32));
    }

    /// <summary>Philox4x32-10 as the paper states it, in integers without a width.</summary>
    private static uint[] ReferencePhilox(uint[] counter, uint[] key)
    {
        var width = BigInteger.One << 32;
        BigInteger[] multipliers = [0xD2511F53, 0xCD9E8D57];
        BigInteger[] weyl = [0x9E3779B9, 0xBB67AE85];
        var x = counter.Select(word => (BigInteger)word).ToArray();
        for (var round = 0; round < 10; round++)
        {
            var roundKeys = key.Select((word, i) => (word + (round * weyl[i])) % width).ToArray();
            var left = multipliers[0] * x[0];
            var right = multipliers[1] * x[2];
            x = [(right / width) ^ x[1] ^ roundKeys[0], right % width, (left / width) ^ x[3] ^ roundKeys[1], left % width];
        }

        return [.. x.Select(word => (uint)word)];
    }
}
