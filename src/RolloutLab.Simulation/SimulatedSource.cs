using RolloutLab.Core;

namespace RolloutLab.Simulation;

/// <summary>How long simulated responses are: log-normal, cut to [1, <see cref="Longest"/>].</summary>
/// <param name="Mean">Mean tokens, at least 1.</param>
/// <param name="Deviation">Standard deviation, at least 0.</param>
public sealed record LengthDistribution(double Mean, double Deviation)
{
    private readonly double _sigma = Math.Sqrt(Math.Log(1 + (Deviation * Deviation / Mean / Mean)));

    /// <summary>Longest response: 20 times the mean.</summary>
    public int Longest => (int)Math.Ceiling(20 * Mean);

    /// <summary>The length that belongs to a standard normal number.</summary>
    public int At(double normal) =>
        (int)Math.Clamp(Math.Round(Mean * Math.Exp((_sigma * normal) - (_sigma * _sigma / 2))), 1, Longest);
}

/// <summary>
/// Rollouts of a simulated policy: each is right with its prompt's success rate. Outcome and length of a rollout are draws
/// 2k and 2k + 1 of the stream (purpose, step, prompt), k its index. Token ids are zeros, shared between rollouts of a length.
/// </summary>
public sealed class SimulatedSource(SimulatedPolicy policy, LengthDistribution lengths, RandomStreams random) : IRolloutSource
{
    /// <summary>Text of a right response.</summary>
    public const string Right = "right";

    /// <summary>Text of a wrong response.</summary>
    public const string Wrong = "wrong";

    private readonly int[]?[] _tokens = new int[]?[lengths.Longest + 1];
    private readonly float[]?[] _logProbs = new float[]?[lengths.Longest + 1];

    /// <inheritdoc/>
    public IRolloutSession Open(long step, RolloutPurpose purpose, SamplingParameters sampling)
    {
        var draws = purpose == RolloutPurpose.Training ? StreamPurpose.SimulatedRollout : StreamPurpose.SimulatedEvaluation;
        return new ImmediateRolloutSession(budget => Make(budget, random.Stream(draws, step, budget.Prompt.Index)));
    }

    private RolloutGroup Make(PromptBudget budget, RandomStream stream)
    {
        var rate = policy.Rate(budget.Prompt.Index);
        var rollouts = new Rollout[budget.Rollouts];
        for (var j = 0; j < rollouts.Length; j++)
        {
            var index = budget.FirstRollout + j;
            var length = lengths.At(stream.Normal((2L * index) + 1));
            rollouts[j] = new Rollout
            {
                Index = index,
                TokenIds = _tokens[length] ??= new int[length],
                LogProbs = _logProbs[length] ??= new float[length],
                Text = stream.Uniform(2L * index) < rate ? Right : Wrong,
                FinishReason = FinishReason.Stop,
                PolicyVersion = policy.PolicyVersion,
            };
        }

        return new RolloutGroup(budget.Prompt, rollouts);
    }
}

/// <summary>Tells right simulated responses from wrong ones.</summary>
public sealed class SimulatedVerifier : IVerifier
{
    private readonly Verdict _right = Verdict.Correct(SimulatedSource.Right);
    private readonly Verdict _wrong = Verdict.Wrong(SimulatedSource.Wrong, "simulated");

    /// <inheritdoc/>
    public Verdict Verify(Prompt prompt, string response) => ReferenceEquals(response, SimulatedSource.Right) ? _right : _wrong;
}
