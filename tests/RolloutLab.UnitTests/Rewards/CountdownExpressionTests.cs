using System.Globalization;
using System.Numerics;
using RolloutLab.Core;
using RolloutLab.Rewards;

namespace RolloutLab.UnitTests.Rewards;

public sealed class CountdownExpressionTests
{
    [Theory]
    [InlineData("1+2*3", 7, 1)]
    [InlineData("(1+2)*3", 9, 1)]
    [InlineData("8-4-2", 2, 1)]
    [InlineData("8/4/2", 1, 1)]
    [InlineData("8/(4/2)", 4, 1)]
    [InlineData("2-3", -1, 1)]
    [InlineData("1/3+1/6", 1, 2)]
    [InlineData("((((7))))", 7, 1)]
    public void Values_are_exact(string text, long numerator, long denominator)
    {
        Assert.True(CountdownExpression.TryParse(text, out var expression, out _));
        Assert.Equal(new ExactRational(numerator, denominator), expression.Value);
    }

    [Fact]
    public void Random_trees_have_the_value_that_big_integers_give()
    {
        var stream = new RandomStreams(11).Stream(StreamPurpose.DatasetGeneration);
        var position = 0L;
        for (var i = 0; i < 3000; i++)
        {
            var tree = RandomTree(stream, ref position, depth: 4);
            Assert.True(CountdownExpression.TryParse(tree.Text, out var expression, out var fault), fault);
            if (tree.Denominator.IsZero)
            {
                Assert.Null(expression.Value);
                continue;
            }

            var value = Assert.NotNull(expression.Value);
            Assert.Equal(tree.Numerator * value.Denominator, value.Numerator * tree.Denominator);
            Assert.True(value.Denominator > 0);
            Assert.True(CountdownExpression.TryParse(expression.Canonical, out var again, out _));
            Assert.Equal((value, expression.Canonical), (again.Value, again.Canonical));
        }
    }

    [Fact]
    public void Results_beyond_eighteen_digits_have_no_value()
    {
        Assert.True(CountdownExpression.TryParse("999999999*999999999", out var inside, out _));
        Assert.Equal(new ExactRational(999999998000000001, 1), inside.Value);
        Assert.True(CountdownExpression.TryParse("999999999*999999999*2", out var outside, out _));
        Assert.Null(outside.Value);
    }

    [Fact]
    public void Depth_and_length_limits_are_sharp()
    {
        static bool Parses(int depth) =>
            CountdownExpression.TryParse(new string('(', depth) + "1" + new string(')', depth), out _, out _);
        Assert.True(Parses(CountdownExpression.MaxDepth));
        Assert.False(Parses(CountdownExpression.MaxDepth + 1));
        Assert.True(CountdownExpression.TryParse("1" + new string(' ', CountdownExpression.MaxLength - 1), out _, out _));
        Assert.False(CountdownExpression.TryParse("1" + new string(' ', CountdownExpression.MaxLength), out _, out _));
        Assert.True(CountdownExpression.TryParse(string.Join('+', Enumerable.Repeat("(1)", 100)), out _, out _));
    }

    // The fraction is carried along unreduced; a denominator of 0 marks a division by zero anywhere inside.
    private static Tree RandomTree(RandomStream stream, ref long position, int depth)
    {
        if (depth == 0 || stream.Below(position++, 3) == 0)
        {
            var number = stream.Below(position++, 10);
            return new Tree(number.ToString(CultureInfo.InvariantCulture), number, 1);
        }

        var left = RandomTree(stream, ref position, depth - 1);
        var right = RandomTree(stream, ref position, depth - 1);
        var symbol = "+-*/"[stream.Below(position++, 4)];
        var (a, b, c, d) = (left.Numerator, left.Denominator, right.Numerator, right.Denominator);
        var (numerator, denominator) = symbol switch
        {
            '+' => ((a * d) + (c * b), b * d),
            '-' => ((a * d) - (c * b), b * d),
            '*' => (a * c, b * d),
            _ => (a * d, b * c * (d.IsZero ? 0 : 1)),
        };
        return new Tree($"({left.Text} {symbol}{right.Text})", numerator, denominator);
    }

    private readonly record struct Tree(string Text, BigInteger Numerator, BigInteger Denominator);
}
