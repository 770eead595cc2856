using RolloutLab.Batching;
using RolloutLab.Recipes;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary>The trained tokens of a parity batch, flat, in the order of its rollouts.</summary>
internal sealed class ParityTokens
{
    private readonly IReadOnlyList<ParityRollout> _rollouts;
    private readonly int[] _cuSeqLens;
    private readonly double[] _advantages;
    private readonly double[] _weights;

    public ParityTokens(IReadOnlyList<ParityRollout> rollouts, LossSection loss, double[] advantages, double[][]? tokenAdvantages)
    {
        _rollouts = rollouts;
        _cuSeqLens = new int[rollouts.Count + 1];
        for (var i = 0; i < rollouts.Count; i++)
        {
            _cuSeqLens[i + 1] = _cuSeqLens[i] + rollouts[i].Length;
        }

        (_advantages, _weights) = (new double[Count], new double[Count]);
        var sequences = rollouts.Count(r => r.Length > 0 || loss.EmptySequences == EmptySequences.Count);
        var longest = rollouts.Select(r => r.LogProbs.Length).DefaultIfEmpty(0).Max();
        var weighting = new LossWeighting(loss.Aggregation, Count, sequences, loss.ScaleLength > 0 ? loss.ScaleLength : longest);
        for (var i = 0; i < rollouts.Count; i++)
        {
            var range = _cuSeqLens[i].._cuSeqLens[i + 1];
            _advantages.AsSpan(range).Fill(advantages[i]);
            tokenAdvantages?[i].CopyTo(_advantages.AsSpan(range));
            _weights.AsSpan(range).Fill(weighting.TokenWeight(rollouts[i].Length));
        }
    }

    /// <summary>Number of trained tokens.</summary>
    public int Count => _cuSeqLens[^1];

    /// <summary>The trained part of one of a rollout's arrays.</summary>
    public static ReadOnlySpan<double> Trained(ParityRollout rollout, double[] values) => values.AsSpan(rollout.First, rollout.Length);

    /// <summary>The old log-probs of a rollout: without any it was sampled by the policy itself.</summary>
    public static double[] Old(ParityRollout rollout) => rollout.OldLogProbs ?? rollout.RolloutLogProbs ?? rollout.LogProbs;

    public LossInputs Inputs()
    {
        var old = Flat(Old)!;
        return new LossInputs
        {
            LogProbs = Flat(r => r.LogProbs),
            OldLogProbs = old,
            RolloutLogProbs = Flat(r => r.RolloutLogProbs) ?? old,
            RefLogProbs = Flat(r => r.RefLogProbs),
            Entropy = Flat(r => r.Entropy),
            Advantages = _advantages,
            Weights = _weights,
            CuSeqLens = _cuSeqLens,
        };
    }

    /// <summary>Values by token as a list a rollout, 0 where the mask is 0.</summary>
    public double[][] ByRollout(double[] values) => [.. _rollouts.Select((r, i) =>
    {
        var list = new double[r.LogProbs.Length];
        values.AsSpan(_cuSeqLens[i].._cuSeqLens[i + 1]).CopyTo(list.AsSpan(r.First));
        return list;
    })];

    /// <summary>One of the arrays of all rollouts end to end; null when a rollout lacks it.</summary>
    private double[]? Flat(Func<ParityRollout, double[]?> array)
    {
        if (_rollouts.Any(r => array(r) is null))
        {
            return null;
        }

        var result = new double[Count];
        for (var i = 0; i < _rollouts.Count; i++)
        {
            Trained(_rollouts[i], array(_rollouts[i])!).CopyTo(result.AsSpan(_cuSeqLens[i]));
        }

        return result;
    }
}
