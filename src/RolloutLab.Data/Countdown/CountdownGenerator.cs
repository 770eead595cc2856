using System.Globalization;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>What to generate.</summary>
public sealed record CountdownOptions
{
    /// <summary>Problems to train on, at least 1.</summary>
    public int TrainCount { get; init; } = 8_000;

    /// <summary>Held-out problems, at least 1.</summary>
    public int HeldOutCount { get; init; } = 1_024;

    /// <summary>Share of problems with 4 numbers in each set, in [0, 1]; the others have 3.</summary>
    public double FourNumberShare { get; init; } = 0.3;

    /// <summary>Numbers are drawn from [1, MaxNumber]; at most <see cref="CountdownProblem.MaxValue"/>.</summary>
    public int MaxNumber { get; init; } = 10;

    /// <summary>Targets are in [1, MaxTarget]; at most <see cref="CountdownProblem.MaxValue"/>.</summary>
    public int MaxTarget { get; init; } = 99;
}

/// <summary>
/// Generates solvable problems: numbers drawn uniformly, the target reached by a random chain, so targets that many chains
/// reach are drawn more often. Both sets are parts of one pool of draws; whatever the held-out set holds, in any order of
/// its numbers, is kept out of the train set.
/// </summary>
public sealed class CountdownGenerator
{
    private const int MaxConsecutiveRejections = 200_000;

    // Keys of the random streams: what a stream of this purpose is for.
    private const long DrawKey = 0;
    private const long PoolKey = 1;
    private const long TrainKey = 2;
    private const long HeldOutKey = 3;
    private const long SetOrderKey = 0;
    private const long SolutionKey = 1;

    private readonly CountdownOptions _options;
    private readonly RandomStreams _random;

    /// <summary>Creates a generator.</summary>
    /// <param name="options">Sizes, mix and ranges.</param>
    /// <param name="random">The same seed and options give the same sets.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its documented range.</exception>
    public CountdownGenerator(CountdownOptions options, RandomStreams random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.TrainCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.HeldOutCount, 1);
        if (!(options.FourNumberShare is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.FourNumberShare, "the share of 4-number problems is in [0, 1]");
        }

        ThrowIfOutside(options.MaxNumber);
        ThrowIfOutside(options.MaxTarget);
        _options = options;
        _random = random;
    }

    /// <summary>Draws both sets.</summary>
    /// <exception cref="DataException">There are not enough different problems in the ranges.</exception>
    public CountdownDataset Generate()
    {
        var train = new List<CountdownProblem>(_options.TrainCount);
        var heldOut = new List<CountdownProblem>(_options.HeldOutCount);
        var (trainFours, heldOutFours) = (Fours(_options.TrainCount), Fours(_options.HeldOutCount));
        Split(3, _options.TrainCount - trainFours, _options.HeldOutCount - heldOutFours, train, heldOut);
        Split(4, trainFours, heldOutFours, train, heldOut);
        return new CountdownDataset(Describe("train", TrainKey, train), Describe("heldout", HeldOutKey, heldOut));
    }

    private static void ThrowIfOutside(int value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, CountdownProblem.MaxValue);
    }

    private int Fours(int count) => (int)Math.Round(count * _options.FourNumberShare, MidpointRounding.AwayFromZero);

    // Held-out problems are picked from a shuffled pool rather than drawn first: the first draws of a small space are the
    // problems that many chains reach, which would make the held-out set easier than the train set.
    private void Split(int numberCount, int trainCount, int heldOutCount, List<CountdownProblem> train, List<CountdownProblem> heldOut)
    {
        using var draws = Draw(numberCount).GetEnumerator();
        var pool = new CountdownProblem[trainCount + heldOutCount];
        for (var i = 0; i < pool.Length; i++)
        {
            draws.MoveNext();
            pool[i] = draws.Current;
        }

        _random.Stream(StreamPurpose.DatasetGeneration, PoolKey, numberCount).Shuffle<CountdownProblem>(pool);
        var held = new HashSet<string>(StringComparer.Ordinal);
        var picked = pool.Where(p => held.Count < heldOutCount && held.Add(p.CanonicalText)).ToList();
        var rest = pool.Where(p => !held.Contains(p.CanonicalText)).Take(trainCount).ToList();
        while (picked.Count < heldOutCount || rest.Count < trainCount)
        {
            draws.MoveNext();
            if (picked.Count < heldOutCount && held.Add(draws.Current.CanonicalText))
            {
                picked.Add(draws.Current);
            }
            else if (!held.Contains(draws.Current.CanonicalText))
            {
                rest.Add(draws.Current);
            }
        }

        heldOut.AddRange(picked);
        train.AddRange(rest);
    }

    /// <summary>Different problems, without end; throws when no new one turns up any more.</summary>
    private IEnumerable<CountdownProblem> Draw(int numberCount)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var rejections = 0;
        for (var attempt = 0L; rejections < MaxConsecutiveRejections; attempt++)
        {
            var stream = _random.Stream(StreamPurpose.DatasetGeneration, DrawKey, numberCount, attempt);
            rejections++;
            if (TryDraw(stream, numberCount) is { } problem && seen.Add(problem.AnswerText))
            {
                rejections = 0;
                yield return problem;
            }
        }

        throw new DataException(
            $"there are only about {seen.Count} different problems of {numberCount} numbers up to {_options.MaxNumber} with targets up to "
            + $"{_options.MaxTarget}, too few for two sets without overlap: ask for fewer problems, or widen the ranges");
    }

    private CountdownProblem? TryDraw(RandomStream stream, int numberCount)
    {
        var position = 0L;
        var numbers = new int[numberCount];
        for (var i = 0; i < numberCount; i++)
        {
            numbers[i] = 1 + stream.Below(position++, _options.MaxNumber);
        }

        var target = CountdownSearch.RandomChain(numbers, stream, ref position).Result;
        return target <= _options.MaxTarget ? new CountdownProblem(numbers, target) : null;
    }

    private List<CountdownExample> Describe(string name, long key, List<CountdownProblem> drawn)
    {
        CountdownProblem[] problems = [.. drawn];
        _random.Stream(StreamPurpose.DatasetGeneration, key, SetOrderKey).Shuffle<CountdownProblem>(problems);
        var picks = _random.Stream(StreamPurpose.DatasetGeneration, key, SolutionKey);
        var examples = new List<CountdownExample>(problems.Length);
        foreach (var problem in problems)
        {
            var search = CountdownSearch.Solve(problem);
            var solution = search.Solutions[picks.Below(examples.Count, search.Solutions.Count)];
            var id = string.Create(CultureInfo.InvariantCulture, $"{name}-{examples.Count:D5}");
            examples.Add(new CountdownExample(id, problem, CountdownDifficulty.Grade(search), solution.ToExpression()));
        }

        return examples;
    }
}
