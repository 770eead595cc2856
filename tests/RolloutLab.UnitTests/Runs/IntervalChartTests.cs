using System.Globalization;
using System.Xml.Linq;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

public class IntervalChartTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Means_lie_inside_their_intervals_in_the_order_of_their_values_and_what_is_missing_is_a_dash()
    {
        var picture = XDocument.Parse(IntervalChart.Draw(
            "a < b", "note", ["one", "two & more", "none", "alone"],
            [
                new IntervalPanel("first", "0.00", [new(0.4, 0.3, 0.5), new(0.6, 0.58, 0.62), new(double.NaN, double.NaN, double.NaN), new(0.5, double.NaN, double.NaN)]),
                new IntervalPanel("nothing", "0", [new(double.NaN, double.NaN, double.NaN), new(double.NaN, double.NaN, double.NaN), new(double.NaN, double.NaN, double.NaN), new(double.NaN, double.NaN, double.NaN)]),
            ]));

        var dots = picture.Descendants(Svg + "rect").Where(r => r.Element(Svg + "title") is not null)
            .ToDictionary(r => r.Element(Svg + "title")!.Value, r => Number(r, "x") + 4);
        Assert.Equal(["alone: 0.50", "one: 0.40, 0.30 to 0.50", "two & more: 0.60, 0.58 to 0.62"], dots.Keys.Order(StringComparer.Ordinal));
        var (one, two, alone) = (dots["one: 0.40, 0.30 to 0.50"], dots["two & more: 0.60, 0.58 to 0.62"], dots["alone: 0.50"]);
        Assert.Equal((one + two) / 2, alone, 0.05);
        var lines = picture.Descendants(Svg + "polyline").Select(l => l.Attribute("points")!.Value.Split(' ', ',').Select(v => double.Parse(v, CultureInfo.InvariantCulture)).ToArray()).ToList();
        Assert.Equal(2, lines.Count);
        Assert.Equal(one, (lines[0][0] + lines[0][2]) / 2, 0.05);
        Assert.Equal(alone, lines[0][2], 0.05);
        Assert.Equal(two, (lines[1][0] + lines[1][2]) / 2, 0.05);
        var texts = picture.Descendants(Svg + "text").Select(t => t.Value).ToList();
        Assert.Contains("–", texts);
        Assert.Contains("nothing measured", texts);
        Assert.Contains("a < b", texts);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0)]
    [InlineData(-3e9)]
    [InlineData(1e-12)]
    public void A_single_value_is_drawn_inside_the_picture(double value)
    {
        var picture = XDocument.Parse(IntervalChart.Draw("t", "n", ["a"], [new IntervalPanel("p", "0.0", [new(value, double.NaN, double.NaN)])]));

        var dot = picture.Descendants(Svg + "rect").Single(r => r.Element(Svg + "title") is not null);
        Assert.InRange(Number(dot, "x"), 0, Number(picture.Root!, "width") - 8);
        Assert.InRange(picture.Descendants(Svg + "line").Count(), 2, 8);
    }

    private static double Number(XElement element, string attribute) => double.Parse(element.Attribute(attribute)!.Value, CultureInfo.InvariantCulture);
}
