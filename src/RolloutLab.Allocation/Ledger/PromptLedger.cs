using System.Runtime.InteropServices;
using RolloutLab.Core;

namespace RolloutLab.Allocation;

/// <summary>How a ledger forgets and what it takes a rollout to cost before it has seen any.</summary>
/// <param name="Forgetting">γ in (0, 1]: what evidence keeps of its weight each time its prompt is seen again.</param>
/// <param name="InitialCost">Expected response tokens of a rollout before any was seen, above 0.</param>
public sealed record LedgerOptions(double Forgetting, double InitialCost = 1);

/// <summary>
/// What is known of every prompt of a set: a Beta posterior of its success rate with forgetting, its cost in tokens, when
/// it was seen. Before each observation the evidence fades, s ← γs + successes and f ← γf + failures, as in SPO's tracker
/// (arXiv 2509.13232); the prior is added when the posterior is read and does not fade, so that a prompt that has failed
/// for long keeps a chance to come back. Indexed by <see cref="Prompt.Index"/>; not thread-safe.
/// </summary>
public sealed class PromptLedger : IStateful
{
    private const long Magic = 0x3152474C4C4F52; // "ROLLGR1"

    private readonly LedgerEntry[] _entries;
    private readonly LedgerOptions _options;
    private double _tokens;
    private double _rollouts;

    /// <summary>An empty ledger.</summary>
    /// <param name="prompts">Prompts of the set.</param>
    /// <param name="options">Forgetting and first cost.</param>
    public PromptLedger(int prompts, LedgerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _entries = new LedgerEntry[prompts];
        _entries.AsSpan().Fill(new LedgerEntry { LastRate = float.NaN });
    }

    /// <summary>Number of prompts.</summary>
    public int Count => _entries.Length;

    /// <summary>Name of a ledger's file in a checkpoint.</summary>
    public const string FileName = "ledger.bin";

    /// <inheritdoc/>
    public string StateName => FileName;

    /// <summary>What is held of a prompt.</summary>
    public LedgerEntry this[int prompt] => _entries[prompt];

    /// <summary>Mean of the posterior of a prompt's success rate under <see cref="BetaPrior.Jeffreys"/>, in (0, 1).</summary>
    public double Mean(int prompt)
    {
        ref readonly var entry = ref _entries[prompt];
        var (a, b) = (BetaPrior.Jeffreys.Successes + entry.Successes, BetaPrior.Jeffreys.Failures + entry.Failures);
        return a / (a + b);
    }

    /// <summary>The prior that fits what is held of all prompts now; in one pass over them.</summary>
    public BetaPrior FitPrior()
    {
        var fit = default(BetaPriorFit);
        foreach (ref readonly var entry in _entries.AsSpan())
        {
            fit.Add(entry.Successes, entry.Failures);
        }

        return fit.Prior;
    }

    /// <summary>
    /// Expected response tokens of a rollout, at least 1: the prompt's own mean, for a prompt never seen the mean of all
    /// rollouts so far, before any the initial cost.
    /// </summary>
    public double ExpectedCost(int prompt)
    {
        ref readonly var entry = ref _entries[prompt];
        return Math.Max(1, entry.CostWeight > 0 ? entry.CostMean : _rollouts > 0 ? _tokens / _rollouts : _options.InitialCost);
    }

    /// <summary>Takes in a step's graded groups. Rollouts without a verdict say nothing of success but do count as cost.</summary>
    public void Observe(long step, IReadOnlyList<GradedGroup> groups)
    {
        foreach (var graded in groups)
        {
            var cost = new CostSum();
            var (successes, failures) = (0, 0);
            for (var j = 0; j < graded.Count; j++)
            {
                cost.Add(graded.Group.Rollouts[j].Length);
                var verdict = graded.Verdicts[j];
                successes += verdict.IsCorrect ? 1 : 0;
                failures += verdict.IsCorrect || verdict.Status == VerdictStatus.Fault ? 0 : 1;
            }

            Observe(step, graded.Group.Prompt.Index, successes, failures, cost);
        }
    }

    /// <summary>Takes in counts that were made elsewhere, as one visit at the cost given.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="successes">At least 0; need not be whole.</param>
    /// <param name="failures">Likewise.</param>
    /// <param name="cost">Mean tokens of a rollout.</param>
    public void Preload(int prompt, double successes, double failures, double cost)
    {
        if (successes + failures > 0)
        {
            _entries[prompt] = new LedgerEntry
            {
                Successes = (float)successes,
                Failures = (float)failures,
                LastRate = (float)(successes / (successes + failures)),
                CostWeight = (float)(successes + failures),
                CostMean = (float)cost,
                Rollouts = (int)Math.Min(int.MaxValue, Math.Ceiling(successes + failures)),
                Visits = 1,
            };
            _rollouts += successes + failures;
            _tokens += cost * (successes + failures);
        }
    }

    /// <inheritdoc/>
    public void SaveState(Stream to)
    {
        ArgumentNullException.ThrowIfNull(to);
        to.Write(MemoryMarshal.AsBytes<double>([BitConverter.Int64BitsToDouble(Magic), _entries.Length, _tokens, _rollouts]));
        foreach (var chunk in Chunks())
        {
            to.Write(MemoryMarshal.AsBytes(_entries.AsSpan(chunk)));
        }
    }

    /// <summary>Reads a saved ledger to look at: its options are not saved.</summary>
    /// <exception cref="CheckpointException">It is damaged.</exception>
    public static PromptLedger Open(Stream from)
    {
        ArgumentNullException.ThrowIfNull(from);
        var start = from.Position;
        Span<double> head = stackalloc double[4];
        var count = from.ReadAtLeast(MemoryMarshal.AsBytes(head), sizeof(double) * head.Length, throwOnEndOfStream: false) == sizeof(double) * head.Length
            && BitConverter.DoubleToInt64Bits(head[0]) == Magic && head[1] == Math.Floor(head[1]) ? head[1] : -1;
        if (count < 0 || count > (from.Length - start) / Marshal.SizeOf<LedgerEntry>())
        {
            throw new CheckpointException("not a saved ledger, or a damaged one; use another checkpoint");
        }

        from.Position = start;
        var ledger = new PromptLedger((int)count, new LedgerOptions(Forgetting: 1));
        ledger.LoadState(from);
        return ledger;
    }

    /// <inheritdoc/>
    public void LoadState(Stream from)
    {
        ArgumentNullException.ThrowIfNull(from);
        Span<double> head = stackalloc double[4];
        try
        {
            from.ReadExactly(MemoryMarshal.AsBytes(head));
            if (BitConverter.DoubleToInt64Bits(head[0]) != Magic || head[1] != _entries.Length)
            {
                throw new CheckpointException(
                    $"the saved ledger is not one of {_entries.Length} prompts; resume with the prompt set and the version of the run");
            }

            foreach (var chunk in Chunks())
            {
                from.ReadExactly(MemoryMarshal.AsBytes(_entries.AsSpan(chunk)));
            }
        }
        catch (EndOfStreamException error)
        {
            throw new CheckpointException("the saved ledger ends too early; use an older checkpoint", error);
        }

        (_tokens, _rollouts) = (head[2], head[3]);
    }

    private void Observe(long step, int prompt, int successes, int failures, CostSum cost)
    {
        ref var entry = ref _entries[prompt];
        var keep = (float)_options.Forgetting;
        if (cost.Count > 0)
        {
            _tokens += cost.Sum;
            _rollouts += cost.Count;
            Merge(ref entry, keep, cost);
        }

        if (successes + failures == 0)
        {
            return;
        }

        entry.Successes = (keep * entry.Successes) + successes;
        entry.Failures = (keep * entry.Failures) + failures;
        entry.LastRate = (float)successes / (successes + failures);
        entry.LastStep = (int)Math.Min(step, int.MaxValue);
        entry.Rollouts = (int)Math.Min((long)entry.Rollouts + successes + failures, int.MaxValue);
        entry.Visits++;
    }

    // Two sets of numbers by their weights, means and squared deviations (Chan et al. 1979).
    private static void Merge(ref LedgerEntry entry, float keep, CostSum cost)
    {
        var (weight, squares) = (keep * entry.CostWeight, keep * entry.CostSquares);
        var (mean, total) = (cost.Sum / cost.Count, weight + cost.Count);
        var difference = mean - entry.CostMean;
        entry.CostMean = (float)(entry.CostMean + (difference * cost.Count / total));
        entry.CostSquares = (float)(squares + Math.Max(0, cost.Squares - (cost.Count * mean * mean)) + (difference * difference * weight * cost.Count / total));
        entry.CostWeight = total;
    }

    // A span counts its bytes in an int, which 10 million entries would come near.
    private IEnumerable<Range> Chunks()
    {
        const int size = 1 << 20;
        for (var from = 0; from < _entries.Length; from += size)
        {
            yield return from..Math.Min(from + size, _entries.Length);
        }
    }

    private struct CostSum
    {
        public int Count { get; private set; }

        public double Sum { get; private set; }

        public double Squares { get; private set; }

        public void Add(int tokens)
        {
            Count++;
            Sum += tokens;
            Squares += (double)tokens * tokens;
        }
    }
}
