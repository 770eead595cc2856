using RolloutLab.Allocation;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.UnitTests.Allocation;

/// <summary>What every allocator promises, whatever its rule.</summary>
public class AllocatorContractTests
{
    private const int Prompts = 24;
    private const int Mean = 8;

    public static TheoryData<string, string> Allocators
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var type in new[] { "uniform", "knapsack", "knapsack_bayes", "xrpo", "ucb", "thompson", "adaptive", "difficulty_pool", "spo" })
            {
                data.Add(type, "rollouts");
                data.Add(type, "tokens");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Allocators))]
    public void Plans_keep_budget_and_bounds_and_leave_nothing_that_fits(string type, string unit)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var world = new World(type, unit, seed, visits: seed % 4);
            var given = world.RunStep(1, Order());
            Assert.True(world.Cost(given) <= world.Budget * (1 + 1e-12), $"{world.Cost(given)} of {world.Budget}");
            Assert.All(given, n => Assert.InRange(n, world.Low, world.Up));
            AssertNothingIsLeft(world, given, type, seed);
        }
    }

    [Theory]
    [MemberData(nameof(Allocators))]
    public void The_same_state_gives_the_same_plan_and_permuted_prompts_the_permuted_plan(string type, string unit)
    {
        for (var seed = 0; seed < 6; seed++)
        {
            var order = Order();
            new Random(seed).Shuffle(order);
            var plan = new World(type, unit, seed, visits: 2).RunStep(5, Order());
            Assert.Equal(plan, new World(type, unit, seed, visits: 2).RunStep(5, Order()));
            Assert.Equal(plan, new World(type, unit, seed, visits: 2).RunStep(5, order));
        }
    }

    /// <summary>The same where rounds overlap: the next one is planned before those in flight, any of them, are there.</summary>
    [Theory]
    [MemberData(nameof(Allocators))]
    public void With_rollouts_in_flight_the_promises_are_the_same(string type, string unit)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var world = new World(type, unit, seed, visits: seed % 4);
            var given = world.RunStep(1, Order(), latest: 1 + (seed % 4));
            Assert.True(world.Cost(given) <= world.Budget * (1 + 1e-12), $"{world.Cost(given)} of {world.Budget}");
            Assert.All(given, n => Assert.InRange(n, world.Low, world.Up));
            AssertNothingIsLeft(world, given, type, seed);

            var order = Order();
            new Random(seed).Shuffle(order);
            Assert.Equal(given, new World(type, unit, seed, visits: seed % 4).RunStep(1, order, latest: 1 + (seed % 4)));
        }
    }

    [Theory]
    [MemberData(nameof(Allocators))]
    public void No_prompts_are_an_empty_plan(string type, string unit) =>
        Assert.Empty(new World(type, unit, 0, 0).Allocator.NextRound(new BudgetRequest(1, 0, [], [])).Budgets);

    /// <summary>
    /// No rollout is left that budget and bounds would allow: of any prompt; of one without a success, where the others get no
    /// more; of one that was not sampled, all its rollouts.
    /// </summary>
    private static void AssertNothingIsLeft(World world, int[] given, string type, int seed)
    {
        var rest = world.Budget - world.Cost(given);
        for (var i = 0; i < Prompts; i++)
        {
            var isOpen = given[i] < world.Up && (type != "adaptive" || !world.IsSolved(i, given[i])) && (type != "spo" || given[i] == 0);
            Assert.True(!isOpen || world.CostOf(i) * (type == "spo" ? Mean : 1) > rest, $"seed {seed}: prompt {i} could have more");
        }
    }

    private static int[] Order() => Enumerable.Range(0, Prompts).ToArray();

    /// <summary>A pool of prompts with true success rates, a ledger, and an allocator from a recipe.</summary>
    private sealed class World
    {
        private readonly PromptLedger _ledger = new(Prompts, new LedgerOptions(0.9, InitialCost: 50));
        private readonly double[] _rates;
        private readonly int _seed;
        private readonly bool _tokens;

        public World(string type, string unit, int seed, int visits)
        {
            (_seed, _tokens) = (seed, unit == "tokens");
            Budget = _tokens ? 12_000 : type == "spo" ? 6 * Mean : Prompts * Mean;
            var section = Section(type, unit);
            (Low, Up) = section switch
            {
                XrpoBudgetSection x => (x.FirstRound, x.Bounds.NUp),
                BoundedBudgetSection b => (b.Bounds.NLow, b.Bounds.NUp),
                SpoBudgetSection => (0, Mean),
                _ => (0, int.MaxValue),
            };
            Allocator = AllocationRules.Create(section, _ledger, new RandomStreams(9));
            var random = new Random(seed);
            _rates = Enumerable.Range(0, Prompts).Select(_ => random.Next(3) switch { 0 => 0, 1 => 1, _ => random.NextDouble() }).ToArray();
            for (var visit = 0; visit < visits; visit++)
            {
                _ledger.Observe(visit, Enumerable.Range(0, Prompts).Where(_ => random.Next(4) > 0).Select(i => Sample(i, 4, 1000 + visit)).ToList());
            }
        }

        public IBudgetAllocator Allocator { get; }

        public int Low { get; }

        public int Up { get; }

        public double Budget { get; }

        public double CostOf(int prompt) => _tokens ? _ledger.ExpectedCost(prompt) : 1;

        public double Cost(int[] given) => given.Select((n, i) => n * CostOf(i)).Sum();

        /// <summary>Whether one of the first so many rollouts of a prompt is right.</summary>
        public bool IsSolved(int prompt, int count) => Enumerable.Range(0, count).Any(j => IsRight(prompt, j));

        /// <summary>
        /// All rounds of a step; the ledger is left as it was. What was asked for is there up to <paramref name="latest"/> rounds
        /// later, by a rule that knows prompt and round only; 0 is at once. Results by prompt index.
        /// </summary>
        public int[] RunStep(long step, int[] order, int latest = 0)
        {
            var prompts = order.Select(Groups.Prompt).ToList();
            var (asked, inFlight) = (new int[Prompts], new int[Prompts]);
            var done = prompts.Select(_ => new SortedSet<int>()).ToArray();
            var pending = new List<(int Ready, int At, PromptBudget Budget)>();
            for (var round = 0; ; round++)
            {
                Assert.True(round < 400, "the rounds do not end");
                var plan = Allocator.NextRound(new BudgetRequest(step, round, prompts, [.. done.Select((d, at) => Verdicts(order[at], d))])
                {
                    Asked = [.. asked], InFlight = [.. inFlight],
                });
                foreach (var budget in plan.Budgets)
                {
                    var at = Array.IndexOf(order, budget.Prompt.Index);
                    Assert.Equal(asked[at], budget.FirstRollout);
                    Assert.True(budget.Rollouts > 0);
                    asked[at] += budget.Rollouts;
                    inFlight[at] += budget.Rollouts;
                    var wait = latest == 0 ? 0 : new Random((budget.Prompt.Index * 131) + (round * 17) + _seed).Next(latest + 1);
                    pending.Add((round + wait, at, budget));
                }

                if (pending.Count == 0)
                {
                    return Enumerable.Range(0, Prompts).Select(i => asked[Array.IndexOf(order, i)]).ToArray();
                }

                foreach (var (_, at, budget) in pending.Where(p => p.Ready <= round))
                {
                    inFlight[at] -= budget.Rollouts;
                    done[at].UnionWith(Enumerable.Range(budget.FirstRollout, budget.Rollouts));
                }

                pending.RemoveAll(p => p.Ready <= round);
            }
        }

        private bool IsRight(int prompt, int rollout) => new Random((prompt * 1000) + rollout + _seed).NextDouble() < _rates[prompt];

        private GradedGroup Verdicts(int prompt, IEnumerable<int> rollouts)
        {
            var right = rollouts.Select(j => IsRight(prompt, j)).ToArray();
            return Groups.Graded(prompt, right, [.. right.Select(_ => 30)]);
        }

        private GradedGroup Sample(int prompt, int count, int salt)
        {
            var random = new Random((_seed * 7919) + (prompt * 31) + salt);
            var lengths = Enumerable.Range(0, count).Select(_ => random.Next(20, 60)).ToArray();
            return Groups.Graded(prompt, lengths.Select((_, j) => IsRight(prompt, j)).ToArray(), lengths);
        }

        private static BudgetSection Section(string type, string unit) => RecipeLoader.Parse(
            "model: { path: model }\n",
            "test.yaml",
            "/",
            [$"budget={{ type: {type}, prompts_per_step: {Prompts}, rollouts_per_prompt: {Mean}, unit: {unit}"
                + (unit == "tokens" ? ", tokens_per_step: 12000" : "") + (type == "spo" ? ", sampled_prompts: 6" : "") + " }"]).Budget;
    }
}
