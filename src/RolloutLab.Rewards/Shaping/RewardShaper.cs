using System.Text.RegularExpressions;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Rewards;

/// <summary>
/// Turns a verdict's reward into the weighted sum of the parts the recipe names, and keeps the parts beside it. A verdict
/// without a reward stays without one, in every part.
/// </summary>
public sealed class RewardShaper
{
    private readonly RewardSection _section;
    private readonly IReadOnlyList<double> _weights;
    private readonly int _maxNewTokens;
    private readonly Regex? _pattern;

    /// <summary>Creates a shaper.</summary>
    /// <param name="section">The parts.</param>
    /// <param name="maxNewTokens">Response limit: the length limit of parts that name none.</param>
    public RewardShaper(RewardSection section, int maxNewTokens)
    {
        ArgumentNullException.ThrowIfNull(section);
        (_section, _weights, _maxNewTokens) = (section, section.Weights, maxNewTokens);

        // Without back-tracking a match is linear in the response, whatever the pattern.
        _pattern = section.Format?.Pattern is { } pattern ? new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant) : null;
    }

    /// <summary>The verdict with the shaped reward and its parts.</summary>
    public Verdict Shape(Rollout rollout, Verdict verdict)
    {
        ArgumentNullException.ThrowIfNull(rollout);
        ArgumentNullException.ThrowIfNull(verdict);
        if (verdict.Status == VerdictStatus.Fault)
        {
            return verdict with { Parts = [.. _weights.Select(_ => float.NaN)] };
        }

        var parts = Parts(rollout, verdict).ToList();
        var total = parts.Zip(_weights, (p, w) => p * w).Sum();
        return verdict with { Reward = (float)total, Parts = [.. parts.Select(p => (float)p)] };
    }

    /// <summary>Minus the share of the response's n-grams that repeat an earlier one; 0 where there is none.</summary>
    public static double RepetitionPenalty(ReadOnlySpan<int> tokens, int ngram)
    {
        var total = tokens.Length - ngram + 1;
        if (total < 1)
        {
            return 0;
        }

        var unique = new HashSet<Ngram>();
        var array = tokens.ToArray();
        for (var i = 0; i < total; i++)
        {
            unique.Add(new Ngram(array, i, ngram));
        }

        return -(1 - ((double)unique.Count / total));
    }

    private IEnumerable<double> Parts(Rollout rollout, Verdict verdict)
    {
        yield return VerifierPart(rollout, verdict);
        if (_section.Overlong is { } overlong)
        {
            var excess = rollout.Length - (Limit(overlong.MaxLength) - overlong.Buffer);
            yield return -Math.Clamp((double)excess / overlong.Buffer, 0, 1);
        }

        if (_section.Cosine is { } cosine)
        {
            var (atStart, atLimit) = verdict.IsCorrect ? (cosine.CorrectShort, cosine.CorrectLong) : (cosine.WrongShort, cosine.WrongLong);
            var share = Math.Min((double)rollout.Length / Limit(cosine.MaxLength), 1);
            yield return atLimit + ((atStart - atLimit) / 2 * (1 + Math.Cos(Math.PI * share)));
        }

        if (_section.Repetition is { } repetition)
        {
            yield return RepetitionPenalty(rollout.TokenIds, repetition.Ngram);
        }

        if (_section.Format is not null)
        {
            yield return (_pattern?.IsMatch(rollout.Text) ?? verdict.Status != VerdictStatus.Malformed) ? 1 : 0;
        }
    }

    private double VerifierPart(Rollout rollout, Verdict verdict) => _section.Truncated is { } truncated && rollout.FinishReason == FinishReason.Length
        ? truncated.Coefficient < 0 ? truncated.Coefficient : verdict.Reward * truncated.Coefficient
        : verdict.Reward;

    private int Limit(int named) => named > 0 ? named : _maxNewTokens;

    /// <summary>A run of tokens that equals another by its ids.</summary>
    private readonly record struct Ngram(int[] Tokens, int Start, int Length)
    {
        public bool Equals(Ngram other) => Tokens.AsSpan(Start, Length).SequenceEqual(other.Tokens.AsSpan(other.Start, other.Length));

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            foreach (var token in Tokens.AsSpan(Start, Length))
            {
                hash.Add(token);
            }

            return hash.ToHashCode();
        }
    }
}
