using RolloutLab.Allocation;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Simulation;

/// <summary>
/// Fills a ledger with rollouts that were made before a simulation begins, by a policy that was another one: a prompt's
/// log-odds of success were off by a normal number then. A rate of exactly 0 or 1 was the same.
/// </summary>
public static class InitialEstimates
{
    /// <summary>Observes the earlier rollouts of every prompt.</summary>
    /// <param name="ledger">The ledger; empty.</param>
    /// <param name="rates">Success rates now.</param>
    /// <param name="section">How many rollouts, and how stale.</param>
    /// <param name="tokens">Mean tokens of a rollout.</param>
    /// <param name="random">The run's random streams; draws are keyed by prompt: 0 for the drift, the next for outcomes.</param>
    public static void Fill(PromptLedger ledger, double[] rates, EstimatesSection section, double tokens, RandomStreams random)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(rates);
        ArgumentNullException.ThrowIfNull(section);
        for (var i = 0; i < rates.Length; i++)
        {
            var stream = random.Stream(StreamPurpose.SimulatedEstimate, prompt: i);
            var then = RateThen(rates[i], section.Drift * stream.Normal(0));
            var successes = 0;
            for (var k = 1; k <= section.Rollouts; k++)
            {
                successes += stream.Uniform(k) < then ? 1 : 0;
            }

            ledger.Preload(i, successes, section.Rollouts - successes, tokens);
        }
    }

    private static double RateThen(double rate, double drift) =>
        rate is <= 0 or >= 1 ? rate : 1 / (1 + ((1 - rate) / rate * Math.Exp(-drift)));
}
