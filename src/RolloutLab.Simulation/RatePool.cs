using RolloutLab.Allocation;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Recipes;

namespace RolloutLab.Simulation;

/// <summary>The success rates a simulation starts from.</summary>
public static class RatePool
{
    /// <summary>Draws or reads the rates, one a prompt, in [0, 1].</summary>
    /// <param name="section">Where they come from.</param>
    /// <param name="random">The run's random streams; draws are keyed by prompt.</param>
    /// <exception cref="DataException">A log cannot be read or lacks the columns.</exception>
    public static double[] Create(PoolSection section, RandomStreams random) => section switch
    {
        MixturePoolSection mixture => Draw(mixture.Prompts, random, stream => Mixed(mixture, stream)),
        BetaPoolSection beta => Draw(beta.Prompts, random, stream => BetaDraw.From(stream, beta.A, beta.B)),
        LogPoolSection log => [.. PromptStatisticsFile.Read(log.Path).Select(p => p.Smoothed(log.Prior))],
        _ => throw new InvalidOperationException($"no pool is wired for {section.GetType().Name}"),
    };

    private static double[] Draw(int prompts, RandomStreams random, Func<RandomStream, double> draw)
    {
        var rates = new double[prompts];
        for (var i = 0; i < prompts; i++)
        {
            rates[i] = draw(random.Stream(StreamPurpose.SuccessRates, prompt: i));
        }

        return rates;
    }

    private static double Mixed(MixturePoolSection mixture, RandomStream stream)
    {
        var (kind, uniform) = (stream.Uniform(0), stream.Uniform(1));
        return kind < mixture.EasyShare ? mixture.EasyFrom + ((1 - mixture.EasyFrom) * uniform)
            : kind < mixture.EasyShare + mixture.HardShare ? mixture.HardTo * uniform
            : uniform;
    }
}
