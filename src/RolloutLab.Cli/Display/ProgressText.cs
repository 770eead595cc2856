using RolloutLab.Runs;
using Spectre.Console;

namespace RolloutLab.Cli;

/// <summary>The words of a run's progress, shared by every display for people.</summary>
internal static class ProgressText
{
    /// <summary>What kind of run it is, in words.</summary>
    public static string NameOf(RunKind kind) => kind switch
    {
        RunKind.Train => "reinforcement learning",
        RunKind.Sft => "supervised fine-tuning",
        RunKind.Eval => "evaluation",
        RunKind.Replay => "training on a log",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of run."),
    };

    /// <summary>A path as a user types it: relative when it is in the current folder.</summary>
    public static string Shorten(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }

    /// <summary>The lines that introduce a run, as markup.</summary>
    public static IEnumerable<string> Header(RunStart start)
    {
        var steps = start.TotalSteps > 0 ? $", {Figures.Count(start.TotalSteps)} steps" : "";
        yield return $"[bold]{Markup.Escape(start.Name)}[/]: {NameOf(start.Kind)}{steps}";
        var facts = start.Facts.ToList();
        if (start.RunDirectory is { } folder)
        {
            facts.Add(new("run", Shorten(folder)));
        }

        var width = facts.Count == 0 ? 0 : facts.Max(f => f.Key.Length);
        foreach (var (label, text) in facts)
        {
            yield return $"  [dim]{Markup.Escape(label.PadRight(width))}[/]  {Markup.Escape(text)}";
        }
    }

    /// <summary>What a step showed, most telling first.</summary>
    public static IEnumerable<string> Measures(StepProgress step)
    {
        if (step.Loss is { } loss)
        {
            yield return $"loss {Figures.Score(loss)}";
        }

        if (step.Reward is { } reward)
        {
            yield return $"reward {Figures.Score(reward)}";
        }

        if (step.PassRate is { } passRate)
        {
            yield return $"pass {Figures.Percent(passRate)}";
        }

        if (step.ResponseLength is { } length)
        {
            yield return $"length {Figures.OneDecimal(length)}";
        }

        yield return $"{Figures.Count(step.TokensPerSecond)} tokens/s";
    }
}
