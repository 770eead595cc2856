using RolloutLab.Core;

namespace RolloutLab.Runs;

/// <summary>The curves of a run over its steps, from its metrics.</summary>
/// <param name="Names">Names of all series, in the order of their colours: the evaluated accuracies, of which the first colours all single curves.</param>
/// <param name="Panels">The plots; one whose metric the run has not logged has no series.</param>
public sealed record RunCurves(IReadOnlyList<string> Names, IReadOnlyList<ChartPanel> Panels)
{
    private const string Reward = "training reward";
    private const string Accuracy = "evaluated accuracy";
    private const string Length = "evaluated length, tokens";
    private const int MostPoints = 400;

    /// <summary>Takes the curves from a run's metrics.</summary>
    public static RunCurves Of(MetricsHistory metrics)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        var accuracies = metrics.Names.Where(n => n.StartsWith("val-core/", StringComparison.Ordinal) && !n.Contains("/mean@", StringComparison.Ordinal))
            .Select(n => (Name: n[(n.LastIndexOf('/') + 1)..], Metric: n)).DistinctBy(n => n.Name).ToList();
        List<string> names = [accuracies.Count > 0 ? accuracies[0].Name : "run", .. accuracies.Skip(1).Select(a => a.Name)];
        return new RunCurves(
            names,
            [
                One(Reward, metrics["reward"]),
                new(Accuracy, "step", [.. accuracies.SelectMany(a => Series(a.Name, metrics[a.Metric]))]),
                One(Length, metrics.Find("val-aux/", "/response_length/mean")),
                One("training length, tokens", metrics["response_length/mean"]),
                One("entropy, nats", metrics["actor/entropy"]),
                One("KL to the starting policy", metrics["actor/kl_loss"]),
                One("KL to the sampling policy", metrics["actor/ppo_kl"]),
                One("effective-gradient ratio", metrics["budget/effective_gradient_ratio"]),
                One("distinct answers in a group", metrics["tree/distinct_answers/mean"]),
                One("supervised loss, nats", metrics["sft/loss"]),
                One("gradient norm", metrics[metrics.Names.Contains("actor/grad_norm") ? "actor/grad_norm" : "sft/grad_norm"]),
                One("clipped tokens, share", metrics["actor/pg_clipfrac"]),
                One("most rollouts of a prompt", metrics["budget/rollouts/max"]),
            ]);

        ChartPanel One(string title, MetricSeries series) => new(title, "step", [.. Series(names[0], series)]);
    }

    /// <summary>What the run achieved as one picture (SVG): reward, accuracy and length, those of them that it logged.</summary>
    /// <param name="title">Written above.</param>
    /// <exception cref="RunException">It logged none of them.</exception>
    public string Draw(string title)
    {
        var panels = Panels.Where(p => p.Title is Reward or Accuracy or Length && p.Series.Count > 0).ToList();
        return panels.Count > 0
            ? LineChart.Draw(title, panels)
            : throw new RunException($"{title}: the run logged neither rewards nor evaluations, so there is nothing to draw; report without --curves shows what it has");
    }

    private static IEnumerable<ChartSeries> Series(string name, MetricSeries series)
    {
        var thin = series.Thinned(MostPoints);
        return thin.Values.Length == 0 ? [] : [new ChartSeries(name, thin.Steps, thin.Values)];
    }
}
