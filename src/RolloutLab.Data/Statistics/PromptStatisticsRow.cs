using System.Globalization;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>What a log says of one prompt.</summary>
/// <param name="Id">Identifier.</param>
/// <param name="Rate">Success rate in [0, 1]; NaN for a prompt with no attempts.</param>
/// <param name="Attempts">Rollouts behind the rate, at least 0; NaN where the log gives the rate alone.</param>
/// <param name="Costs">Values of the cost columns asked for; NaN where the prompt has none.</param>
public sealed record PromptStatisticsRow(string Id, double Rate, double Attempts, double[] Costs)
{
    /// <summary>The rate after a prior was added to successes and failures, where they are counted; ½ without any knowledge.</summary>
    public double Smoothed(double prior) =>
        double.IsNaN(Attempts) ? Rate
        : Attempts + prior > 0 ? ((Attempts > 0 ? Rate * Attempts : 0) + prior) / (Attempts + (2 * prior)) : 0.5;

    /// <summary>Checks the values of one row.</summary>
    /// <param name="where">File and row, for messages.</param>
    /// <param name="id">Identifier.</param>
    /// <param name="rate">Success rate; null where it follows from the counts.</param>
    /// <param name="successes">Successes; null when not given.</param>
    /// <param name="attempts">Attempts; null when not given.</param>
    /// <param name="costs">Costs; NaN where the row has none.</param>
    /// <exception cref="DataException">A value is outside its range, or there is neither a rate nor both counts.</exception>
    public static PromptStatisticsRow Checked(string where, string id, double? rate, double? successes, double? attempts, double[] costs)
    {
        Require(rate is null or (>= 0 and <= 1), where, "success_rate", rate, "must be from 0 to 1");
        Require(attempts is null or (>= 0 and < double.PositiveInfinity), where, "attempts", attempts, "must be at least 0");
        Require(successes is null || (successes >= 0 && successes <= (attempts ?? double.PositiveInfinity)), where, "successes", successes, "must be from 0 to attempts");
        foreach (var cost in costs)
        {
            Require(!(cost < 0) && !double.IsInfinity(cost), where, "cost", cost, "must be a number of at least 0");
        }

        if (successes is { } s && attempts is { } n)
        {
            return new PromptStatisticsRow(id, n > 0 ? s / n : double.NaN, n, costs);
        }

        return rate is { } given
            ? new PromptStatisticsRow(id, attempts is 0 ? double.NaN : given, attempts ?? double.NaN, costs)
            : throw new DataException($"{where}: no success rate; each prompt needs success_rate, or successes and attempts");
    }

    private static void Require(bool holds, string where, string name, double? value, string rule)
    {
        if (!holds)
        {
            throw new DataException(string.Create(CultureInfo.InvariantCulture, $"{where}: {name} = {value:R}: {rule}"));
        }
    }
}
