using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RolloutLab.Allocation;

namespace RolloutLab.Cli;

/// <summary>A plan with the figures that are shown of it.</summary>
/// <param name="Prompts">The prompts.</param>
/// <param name="Request">What was asked.</param>
/// <param name="Solution">The plan.</param>
/// <param name="Seconds">Wall time of the planning alone.</param>
internal sealed record AllocateResult(PromptStatistics Prompts, AllocateRequest Request, AllocationSolution Solution, double Seconds)
{
    private const int ShownPrompts = 20;
    private const int Bar = 40;

    /// <summary>Rollouts of the plan.</summary>
    public long Rollouts => Solution.Plan.Sum(n => (long)n);

    /// <summary>Σ Value(n, p): of the posterior for <c>knapsack_bayes</c>, else at the success rates.</summary>
    public double Value => new AllocationProblem(
        Request.Method == "knapsack_bayes" ? new PosteriorValue(Prompts.Successes, Prompts.Failures) : new SuccessRateValue([.. Enumerable.Range(0, Prompts.Count).Select(Rate)]),
        new int[Prompts.Count], AllocationBounds.All(Prompts, int.MaxValue), [new BudgetLimit("rollouts", null, 0)]).ValueOf(Solution.Plan);

    /// <summary>Share of the rollouts that are expected in groups with both outcomes.</summary>
    public double EffectiveGradientRatio => Ratio(Solution.Plan);

    /// <summary>The same under an even plan.</summary>
    public double UniformEffectiveGradientRatio =>
        Ratio(new UniformRule(new AllocationBounds(Math.Min(Request.Low, 1) == 0 ? 0 : Request.Low, Request.Up, new SolverOptions())).NextRound(
            Prompts, new RoundOutcomes { Step = 0, Round = 0, Given = [], InFlight = [], Graded = [], Correct = [], Mean = [], Deviation = [] })!.Plan);

    /// <summary>The document of <c>--json</c>.</summary>
    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("method", Request.Method);
            writer.WriteString("solver", Solution.Solver.ToString().ToLowerInvariant());
            writer.WriteNumber("prompts", Prompts.Count);
            writer.WriteNumber("budget", Request.Budget);
            writer.WriteNumber("rollouts", Rollouts);
            writer.WriteNumber("value", Value);
            writer.WriteNumber("cost", Prompts.Budgets[0].Of(Solution.Plan));
            writer.WriteNumber("gap", Solution.Gap);
            writer.WriteNumber("seconds", Seconds);
            writer.WriteNumber("effective_gradient_ratio", EffectiveGradientRatio);
            writer.WriteNumber("uniform_effective_gradient_ratio", UniformEffectiveGradientRatio);
            writer.WriteStartArray("plan");
            foreach (var n in Solution.Plan)
            {
                writer.WriteNumberValue(n);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>The plan for people: by success rate, prompt by prompt when there are few, and how the budgets are distributed.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        Line(text, $"{Request.Method}: {Figures.Count(Rollouts)} rollouts for {Figures.Count(Prompts.Count)} prompts in {Milliseconds()}");
        foreach (var budget in Prompts.Budgets)
        {
            Line(text, $"  {budget.Name,-12} {Figures.Count(budget.Of(Solution.Plan)),12} of {Figures.Count(budget.Amount)}");
        }

        Line(text, $"  {"value",-12} {Value,12:0.######}   gap {Solution.Gap:0.##%}");
        Line(text, $"  {"effective",-12} {Figures.Percent(EffectiveGradientRatio),12} of the rollouts expected in groups with a gradient; uniform {Figures.Percent(UniformEffectiveGradientRatio)}");
        Line(text, $"");
        if (Prompts.Count <= ShownPrompts)
        {
            PromptTable(text);
        }
        else
        {
            RateTable(text);
        }

        Histogram(text);
        return text.ToString().TrimEnd();
    }

    /// <summary>One row a prompt, for <c>--out</c>: identifier, rollouts, success rate (empty when unseen), probability of a gradient, cost.</summary>
    public IEnumerable<(string Id, int Rollouts, double? Rate, double Gradient, double Cost)> Rows() =>
        Solution.Plan.Select((n, i) =>
            (Prompts.Ids[i], n, double.IsNaN(Prompts.Rates[i]) ? (double?)null : Prompts.Rates[i], GradientOdds.NonZero(n, Rate(i)), n * Prompts.Budgets[0].CostOf(i)));

    private double Rate(int prompt) =>
        double.IsNaN(Prompts.Rates[prompt]) ? Prompts.Successes[prompt] / (Prompts.Successes[prompt] + Prompts.Failures[prompt]) : Prompts.Rates[prompt];

    private double Ratio(int[] plan)
    {
        var (effective, all) = (0.0, 0.0);
        for (var i = 0; i < plan.Length; i++)
        {
            effective += plan[i] * GradientOdds.NonZero(plan[i], Rate(i));
            all += plan[i];
        }

        return all > 0 ? effective / all : 0;
    }

    private string Milliseconds() => Seconds < 1 ? string.Create(CultureInfo.InvariantCulture, $"{Seconds * 1e3:0.00} ms") : Figures.Duration(Seconds);

    private void PromptTable(StringBuilder text)
    {
        var width = Math.Max(6, Prompts.Ids.Max(id => id.Length));
        Line(text, $"{"prompt".PadRight(width)}  {"success rate",12}  {"rollouts",8}  {"gradient",8}");
        foreach (var (id, rollouts, rate, gradient, _) in Rows())
        {
            Line(text, $"{id.PadRight(width)}  {(rate is { } p ? Figures.Score(p) : "unseen"),12}  {rollouts,8}  {Figures.Percent(gradient),8}");
        }

        Line(text, $"");
    }

    private void RateTable(StringBuilder text)
    {
        Line(text, $"{"success rate",-14}{"prompts",12}{"rollouts",17}{"mean",9}{"least",7}{"most",7}{"gradient",10}");
        var bins = Rows().GroupBy(r => r.Rate switch { null => -1, 0 => 0, 1 => 11, { } p => 1 + Math.Min(9, (int)(p * 10)) }).OrderBy(g => g.Key);
        foreach (var bin in bins)
        {
            var name = bin.Key switch { -1 => "unseen", 0 => "0", 11 => "1", var k => string.Create(CultureInfo.InvariantCulture, $"{(k - 1) / 10.0:0.0} to {k / 10.0:0.0}") };
            Line(
                text,
                $"{name,-14}{Figures.Count(bin.Count()),12}{Figures.Count(bin.Sum(r => (double)r.Rollouts)),17}{bin.Average(r => r.Rollouts),9:0.0}{bin.Min(r => r.Rollouts),7}{bin.Max(r => r.Rollouts),7}{Figures.Percent(bin.Average(r => r.Gradient)),10}");
        }

        Line(text, $"");
    }

    private void Histogram(StringBuilder text)
    {
        // Powers of two keep the bins few from 0 to the greatest budgets.
        var bins = Solution.Plan.GroupBy(n => n < 2 ? n : 1 << (31 - int.LeadingZeroCount(n))).OrderBy(g => g.Key).Select(g => (From: g.Key, Count: g.Count())).ToList();
        var most = bins.Max(b => b.Count);
        Line(text, $"{"rollouts",-14}{"prompts",10}");
        foreach (var (from, count) in bins)
        {
            var name = from < 2 ? $"{from}" : $"{from} to {(2L * from) - 1}";
            Line(text, $"{name,-14}{Figures.Count(count),10}  {new string('█', (int)Math.Max(1, (long)Bar * count / most))}");
        }
    }

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
