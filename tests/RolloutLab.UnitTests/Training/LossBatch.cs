using RolloutLab.Training;

namespace RolloutLab.UnitTests.Training;

/// <summary>A batch of loss tokens that tests can change, cut and shuffle.</summary>
internal sealed record LossBatch
{
    public required double[][] LogProbs { get; init; }

    public required double[][] OldLogProbs { get; init; }

    public required double[][] Advantages { get; init; }

    public required double[][] Weights { get; init; }

    public double[][]? RolloutLogProbs { get; init; }

    public double[][]? RefLogProbs { get; init; }

    public double[][]? Entropy { get; init; }

    public double[][]? Correction { get; init; }

    public bool IsCorrectionPerSequence { get; init; }

    /// <summary>The two sequences of the golden table.</summary>
    public static LossBatch Golden(bool tokenMean) => new()
    {
        LogProbs = [[-.5, -1, -2], [-.2, -.7]],
        OldLogProbs = [[-.9, -1, -1.2], [-.6, -.5]],
        Advantages = [[1, 1, 1], [-.5, -.5]],
        Weights = tokenMean ? [[.2, .2, .2], [.2, .2]] : [[1 / 6.0, 1 / 6.0, 1 / 6.0], [.25, .25]],
    };

    /// <summary>Ragged sequences, one of them empty and one of a single token, with everything a loss can ask for.</summary>
    public static LossBatch Random(int seed)
    {
        var random = new Random(seed);
        int[] lengths = [3, 1, 0, 6, 4, 2];
        double[] advantages = [1.2, -0.7, 0.3, -1.1, 0.4, 0];
        double[][] Draw(double low, double high) => [.. lengths.Select(n => Enumerable.Range(0, n).Select(_ => low + (random.NextDouble() * (high - low))).ToArray())];
        var logProbs = Draw(-2.5, -0.05);
        double[][] Near(double spread) => [.. logProbs.Select(s => s.Select(l => Math.Min(-0.01, l + (spread * ((2 * random.NextDouble()) - 1)))).ToArray())];
        return new LossBatch
        {
            LogProbs = logProbs,
            OldLogProbs = Near(0.6),
            RolloutLogProbs = Near(0.5),
            RefLogProbs = Near(0.8),
            Entropy = Draw(0.1, 2),
            Advantages = [.. lengths.Select((n, i) => Enumerable.Repeat(advantages[i], n).ToArray())],
            Weights = [.. lengths.Select(n => Enumerable.Repeat(1.0 / 16, n).ToArray())],
        };
    }

    public LossInputs Inputs()
    {
        var old = Flat(OldLogProbs);
        return Inputs(old, RolloutLogProbs is null ? old : Flat(RolloutLogProbs));
    }

    private LossInputs Inputs(double[] old, double[] rollout) => new()
    {
        LogProbs = Flat(LogProbs),
        OldLogProbs = old,
        RolloutLogProbs = rollout,
        RefLogProbs = Flat(RefLogProbs),
        Entropy = Flat(Entropy),
        Advantages = Flat(Advantages),
        Weights = Flat(Weights),
        Correction = Flat(Correction),
        IsCorrectionPerSequence = IsCorrectionPerSequence,
        CuSeqLens = CuSeqLens(),
    };

    public LossBatch Select(params int[] sequences)
    {
        double[][]? Pick(double[][]? values) => values is null ? null : [.. sequences.Select(s => values[s])];
        return this with
        {
            LogProbs = Pick(LogProbs)!, OldLogProbs = Pick(OldLogProbs)!, Advantages = Pick(Advantages)!, Weights = Pick(Weights)!,
            RolloutLogProbs = Pick(RolloutLogProbs), RefLogProbs = Pick(RefLogProbs), Entropy = Pick(Entropy), Correction = Pick(Correction),
        };
    }

    public LossBatch WithLogProb(int token, double value)
    {
        var copy = LogProbs.Select(s => s.ToArray()).ToArray();
        var sequence = 0;
        while (token >= copy[sequence].Length)
        {
            token -= copy[sequence++].Length;
        }

        copy[sequence][token] = value;
        return this with { LogProbs = copy };
    }

    private static double[] Flat(double[][]? values) => values is null ? [] : [.. values.SelectMany(v => v)];

    private int[] CuSeqLens()
    {
        var result = new int[LogProbs.Length + 1];
        for (var s = 0; s < LogProbs.Length; s++)
        {
            result[s + 1] = result[s] + LogProbs[s].Length;
        }

        return result;
    }
}
