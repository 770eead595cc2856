using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>Shape of generated search traces.</summary>
public sealed record CountdownTraceOptions
{
    /// <summary>Most dead ends before the solution, at least 0.</summary>
    public int MaxDeadEnds { get; init; } = 3;

    /// <summary>Probability of each of the <see cref="MaxDeadEnds"/> to be there, in [0, 1].</summary>
    public double DeadEndProbability { get; init; } = 0.5;

    /// <summary>Longest trace in characters, the end token not counted; dead ends that do not fit are left out.</summary>
    public int MaxCharacters { get; init; } = 80;
}

/// <summary>
/// Search traces that demonstrate how to solve Countdown problems, such as <c>7+6=13,13+4=17x7*6=42,42+4=46!</c> for
/// <c>6 7 4:46=</c>: attempts in which every operation is true, <c>x</c> after one that misses the target, then a solution
/// and <c>!</c>. The solution is drawn uniformly from all that fit the length; a dead end is a random chain, none twice in a
/// trace.
/// </summary>
public sealed class CountdownTraceSource : IDemonstrationSource
{
    private const int TriesPerDeadEnd = 8;

    private readonly CountdownProblem[] _problems;
    private readonly ITokenizer _tokenizer;
    private readonly CountdownTraceOptions _options;
    private readonly RandomStreams _random;
    private readonly EpochOrder _order;

    /// <summary>Creates a source over problems, which are visited in shuffled epochs.</summary>
    /// <param name="problems">At least one; all solvable within the length limit.</param>
    /// <param name="tokenizer">Must express the symbols of <see cref="CountdownVocabulary"/>.</param>
    /// <param name="options">Shape of the traces.</param>
    /// <param name="random">The same seed gives the same traces.</param>
    /// <exception cref="ArgumentException">There are no problems, or an option is out of its documented range.</exception>
    public CountdownTraceSource(
        IReadOnlyList<CountdownProblem> problems, ITokenizer tokenizer, CountdownTraceOptions options, RandomStreams random)
    {
        ArgumentNullException.ThrowIfNull(problems);
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxDeadEnds);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxCharacters, 1);
        if (!(options.DeadEndProbability is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.DeadEndProbability, "a probability is in [0, 1]");
        }

        _problems = [.. problems];
        (_tokenizer, _options, _random) = (tokenizer, options, random);
        _order = new EpochOrder(_problems.Length, random, StreamPurpose.Demonstrations);
    }

    /// <inheritdoc/>
    /// <exception cref="DataException">The problem has no solution that fits the length limit.</exception>
    public Demonstration At(long index)
    {
        var problem = _problems[_order.At(index)];
        var response = _tokenizer.Encode(Trace(problem, index));
        return new Demonstration(_tokenizer.Encode(problem.PromptText), [.. response, _tokenizer.EndOfTextId]);
    }

    /// <summary>The trace of demonstration <paramref name="index"/> as text, with neither prompt nor end token.</summary>
    /// <exception cref="DataException">The problem has no solution that fits the length limit.</exception>
    public string TraceAt(long index) => Trace(_problems[_order.At(index)], index);

    private string Trace(CountdownProblem problem, long index)
    {
        var stream = _random.Stream(StreamPurpose.Demonstrations, index);
        var position = 0L;
        var solution = PickSolution(problem, stream, ref position);
        var deadEnds = 0;
        for (var i = 0; i < _options.MaxDeadEnds; i++)
        {
            deadEnds += stream.Uniform(position++) < _options.DeadEndProbability ? 1 : 0;
        }

        var trace = new StringBuilder();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var room = _options.MaxCharacters - solution.Length - 1;
        for (var left = deadEnds; left > 0; left--)
        {
            var deadEnd = PickDeadEnd(problem, seen, stream, ref position);
            if (deadEnd is not null && trace.Length + deadEnd.Length + 1 <= room)
            {
                trace.Append(deadEnd).Append('x');
            }
        }

        return trace.Append(solution).Append('!').ToString();
    }

    private string PickSolution(CountdownProblem problem, RandomStream stream, ref long position)
    {
        var fitting = CountdownSearch.Solve(problem).Solutions
            .Select(s => s.ToTrace())
            .Where(s => s.Length < _options.MaxCharacters)
            .ToList();
        return fitting.Count > 0
            ? fitting[stream.Below(position++, fitting.Count)]
            : throw new DataException(
                $"problem {problem.AnswerText} has no solution of at most {_options.MaxCharacters} characters; "
                + "raise the length limit of the traces or remove the problem");
    }

    private static string? PickDeadEnd(CountdownProblem problem, HashSet<string> seen, RandomStream stream, ref long position)
    {
        for (var i = 0; i < TriesPerDeadEnd; i++)
        {
            var chain = CountdownSearch.RandomChain(problem.Numbers, stream, ref position);
            var text = chain.ToTrace();
            if (chain.Result != problem.Target && seen.Add(text))
            {
                return text;
            }
        }

        return null; // Nearly every chain of this problem solves it, or was shown already.
    }
}
