using System.Globalization;
using System.Xml.Linq;
using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.UnitTests.Runs;

public sealed class RunCurvesTests : IDisposable
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_picture_has_reward_accuracies_and_length_of_the_steps_that_logged_them()
    {
        File.WriteAllLines(_folder.File("metrics.jsonl"),
        [
            """{"step":0,"val-core/countdown/acc/pass@1":0.25,"val-core/countdown/acc/mean@16":0.25,"val-core/countdown/acc/pass@16":0.75,"val-aux/countdown/response_length/mean":60}""",
            """{"step":1,"reward":0.2,"actor/entropy":1}""",
            """{"step":2,"reward":0.4,"val-core/countdown/acc/pass@1":0.5,"val-core/countdown/acc/mean@16":0.5,"val-core/countdown/acc/pass@16":0.875,"val-aux/countdown/response_length/mean":55}""",
        ]);

        var picture = XDocument.Parse(RunCurves.Of(RunReportReader.ReadMetrics(_folder.Path)).Draw("a < run"));

        var texts = picture.Descendants(Svg + "text").Select(t => t.Value).ToList();
        Assert.Superset(new HashSet<string> { "a < run", "training reward", "evaluated accuracy", "evaluated length, tokens", "pass@1", "pass@16" }, texts.ToHashSet());
        Assert.DoesNotContain("mean@16", texts);
        Assert.DoesNotContain("entropy, nats", texts);
        var lines = picture.Descendants(Svg + "polyline")
            .Select(l => l.Attribute("points")!.Value.Split(' ', ',').Select(v => double.Parse(v, CultureInfo.InvariantCulture)).ToArray()).ToList();
        Assert.Equal([4, 4, 4, 4], lines.Select(l => l.Length));

        // Screens grow downwards: what rises is drawn from a larger y to a smaller one.
        Assert.Equal([true, true, true, false], lines.Select(l => l[1] > l[3]));
    }

    [Fact]
    public void A_run_without_rewards_and_a_folder_that_is_none_are_told()
    {
        Assert.Contains("is not the folder of a run", Assert.Throws<RunException>(() => RunReportReader.ReadMetrics(_folder.Path)).Message, StringComparison.Ordinal);
        File.WriteAllText(_folder.File("metrics.jsonl"), "{\"step\":1,\"sft/loss\":2.5}\n");

        var error = Assert.Throws<RunException>(() => RunCurves.Of(RunReportReader.ReadMetrics(_folder.Path)).Draw("warmup"));

        Assert.Contains("warmup: the run logged neither rewards nor evaluations", error.Message, StringComparison.Ordinal);
    }
}
