using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Rewards;

namespace RolloutLab.UnitTests.Data;

public sealed class CountdownGeneratorTests
{
    private static readonly CountdownDataset Dataset = Generate(seed: 7, train: 600, heldOut: 200);

    public static TheoryData<int[], int> SearchedProblems => new()
    {
        { [6, 7, 4], 46 },
        { [1, 1, 1], 1 },
        { [2, 2, 4], 8 },
        { [10, 10, 5], 10 },
        { [5, 5, 5, 1], 24 },
        { [3, 3, 8, 8], 24 },
        { [1, 2, 3, 4], 24 },
        { [9, 9, 9, 9], 36 },
    };

    [Theory]
    [MemberData(nameof(SearchedProblems))]
    public void Search_finds_exactly_the_chains_that_brute_force_over_ordered_operands_finds(int[] numbers, int target)
    {
        var all = new HashSet<string>(StringComparer.Ordinal);
        var solving = new HashSet<string>(StringComparer.Ordinal);
        BruteForce([.. numbers], string.Empty, target, all, solving);

        var search = CountdownSearch.Solve(new CountdownProblem(numbers, target));

        Assert.Equal(all.Count, search.ChainCount);
        Assert.Equal(solving.Order(StringComparer.Ordinal), search.Solutions.Select(s => s.ToTrace()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Three_three_eight_eight_needs_fractions_and_so_has_no_solution() =>
        Assert.Empty(CountdownSearch.Solve(new CountdownProblem([3, 3, 8, 8], 24)).Solutions);

    [Fact]
    public void Every_solution_reaches_its_target_with_each_number_once()
    {
        foreach (var example in Dataset.Train.Concat(Dataset.HeldOut))
        {
            Assert.True(CountdownExpression.TryParse(example.Solution, out var expression, out _), example.Solution);
            Assert.True(expression.IsExactly(example.Problem.Target), example.Solution);
            Assert.Equal(example.Problem.Numbers.Order(), expression.Numbers.Select(n => (int)n).Order());
        }
    }

    [Fact]
    public void Every_expression_of_a_chain_has_the_value_of_the_chain()
    {
        foreach (var target in Enumerable.Range(1, 99))
        {
            foreach (var solution in CountdownSearch.Solve(new CountdownProblem([2, 6, 3, 9], target)).Solutions)
            {
                Assert.True(CountdownExpression.TryParse(solution.ToExpression(), out var expression, out _), solution.ToExpression());
                Assert.True(expression.IsExactly(target), $"{solution.ToTrace()} became {solution.ToExpression()}");
            }
        }
    }

    [Fact]
    public void Sets_do_not_overlap_even_as_permutations()
    {
        var train = Dataset.Train.Select(Sorted).ToHashSet(StringComparer.Ordinal);
        Assert.DoesNotContain(Dataset.HeldOut, e => train.Contains(Sorted(e)));
        Assert.Equal(Dataset.HeldOut.Count, Dataset.HeldOut.Select(Sorted).Distinct().Count());
        Assert.Equal(Dataset.Train.Count, Dataset.Train.Select(e => e.Problem.PromptText).Distinct().Count());
    }

    [Fact]
    public void Sizes_mix_and_ranges_are_as_asked()
    {
        Assert.Equal((600, 200), (Dataset.Train.Count, Dataset.HeldOut.Count));
        Assert.Equal(180, Dataset.Train.Count(e => e.Problem.Numbers.Count == 4));
        Assert.Equal(60, Dataset.HeldOut.Count(e => e.Problem.Numbers.Count == 4));
        Assert.All(Dataset.Train, e => Assert.InRange(e.Problem.Target, 1, 99));
        Assert.All(Dataset.Train, e => Assert.All(e.Problem.Numbers, n => Assert.InRange(n, 1, 10)));
    }

    [Fact]
    public void Held_out_prefixes_are_mixed() =>
        Assert.InRange(Dataset.HeldOut.Take(100).Count(e => e.Problem.Numbers.Count == 4), 15, 45);

    [Fact]
    public void Grades_follow_the_share_of_solving_chains()
    {
        Assert.Equal(1, Grade(solutions: 1, chains: 8));
        Assert.Equal(2, Grade(solutions: 1, chains: 9));
        Assert.Equal(2, Grade(solutions: 2, chains: 32));
        Assert.Equal(3, Grade(solutions: 2, chains: 33));
        Assert.Equal(4, Grade(solutions: 1, chains: 64));
        Assert.Equal(5, Grade(solutions: 1, chains: 65));
        Assert.Equal(5, Grade(solutions: 1, chains: 100_000));
        Assert.Throws<ArgumentException>(() => Grade(solutions: 0, chains: 8));
    }

    [Fact]
    public void The_seed_decides_the_bytes()
    {
        using var folder = new TemporaryFolder();
        CountdownFile.WriteDataset(folder["a"], Generate(7, 600, 200));
        CountdownFile.WriteDataset(folder["b"], Generate(7, 600, 200));
        CountdownFile.WriteDataset(folder["c"], Generate(8, 600, 200));
        Assert.Equal(File.ReadAllBytes(folder["a/train.jsonl"]), File.ReadAllBytes(folder["b/train.jsonl"]));
        Assert.Equal(File.ReadAllBytes(folder["a/heldout.jsonl"]), File.ReadAllBytes(folder["b/heldout.jsonl"]));
        Assert.NotEqual(File.ReadAllBytes(folder["a/train.jsonl"]), File.ReadAllBytes(folder["c/train.jsonl"]));
        Assert.Equal(["heldout.jsonl", "train.jsonl"], Directory.GetFiles(folder["a"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void The_repository_holds_what_seed_1_generates()
    {
        using var folder = new TemporaryFolder();
        CountdownFile.WriteDataset(folder.Root, new CountdownGenerator(new CountdownOptions(), new RandomStreams(1)).Generate());
        foreach (var name in new[] { "train.jsonl", "heldout.jsonl" })
        {
            var committed = Path.Combine(Repository.Root, "data", "countdown", name);
            Assert.Equal(File.ReadAllBytes(committed), File.ReadAllBytes(folder[name]));
        }
    }

    [Fact]
    public void Files_read_back_as_they_were_written()
    {
        using var folder = new TemporaryFolder();
        CountdownFile.Write(folder["x.jsonl"], Dataset.HeldOut);
        var read = CountdownFile.Read(folder["x.jsonl"]);
        Assert.Equal(
            Dataset.HeldOut.Select(e => (e.Id, e.Problem.AnswerText, e.Difficulty, e.Solution)),
            read.Select(e => (e.Id, e.Problem.AnswerText, e.Difficulty, e.Solution)));
    }

    [Fact]
    public void Too_small_a_space_is_an_error_not_an_endless_loop()
    {
        var options = new CountdownOptions { TrainCount = 1000, HeldOutCount = 10, MaxNumber = 2, MaxTarget = 3 };
        var error = Assert.Throws<DataException>(() => new CountdownGenerator(options, new RandomStreams(1)).Generate());
        Assert.Contains("ask for fewer problems, or widen the ranges", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unwritable_target_leaves_the_old_file_and_no_partial_one()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["taken.jsonl"]);
        var error = Assert.Throws<DataException>(() => CountdownFile.Write(folder["taken.jsonl"], Dataset.HeldOut));
        Assert.Contains("taken.jsonl: cannot be written", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Root));
    }

    private static CountdownDataset Generate(ulong seed, int train, int heldOut) =>
        new CountdownGenerator(new CountdownOptions { TrainCount = train, HeldOutCount = heldOut }, new RandomStreams(seed)).Generate();

    private static string Sorted(CountdownExample e) => string.Join(',', e.Problem.Numbers.Order()) + "=" + e.Problem.Target;

    private static int Grade(int solutions, int chains)
    {
        var chain = new CountdownChain([new CountdownStep(1, '+', 1, 2)]);
        return CountdownDifficulty.Grade(new CountdownSearchResult([.. Enumerable.Repeat(chain, solutions)], chains));
    }

    // Every ordered pair and every operation in exact rationals; what breaks the rules is thrown away, texts that are equal
    // once the larger operand is written first count once.
    private static void BruteForce(List<int> values, string done, int target, HashSet<string> all, HashSet<string> solving)
    {
        if (values.Count == 1)
        {
            all.Add(done);
            if (values[0] == target)
            {
                solving.Add(done);
            }

            return;
        }

        for (var i = 0; i < values.Count; i++)
        {
            for (var j = 0; j < values.Count; j++)
            {
                if (i == j || values[i] < values[j])
                {
                    continue;
                }

                var (a, b) = (values[i], values[j]);
                var rest = values.Where((_, k) => k != i && k != j).ToList();
                foreach (var (symbol, result) in new[] { ('+', (double)a + b), ('-', a - b), ('*', (double)a * b), ('/', (double)a / b) })
                {
                    if (result >= 1 && result == Math.Floor(result))
                    {
                        var step = $"{a}{symbol}{b}={(int)result}";
                        BruteForce([.. rest, (int)result], done.Length == 0 ? step : $"{done},{step}", target, all, solving);
                    }
                }
            }
        }
    }
}
