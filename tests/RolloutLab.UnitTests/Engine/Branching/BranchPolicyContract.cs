using RolloutLab.Core;
using RolloutLab.Engine;

namespace RolloutLab.UnitTests.Engine;

/// <summary>What every branch policy must keep to, whatever its tree.</summary>
public sealed class BranchPolicyContract
{
    public static TheoryData<string> Policies => [.. PolicyCatalog.Names];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Groups_get_exactly_their_rollouts_and_each_is_complete(string name)
    {
        var request = TreeModels.Request(24, 1, (0, 8), (1, 1), (2, 5), (3, 2), (7, 16));

        var result = Source(name).Generate(request, null, default);

        for (var i = 0; i < result.Groups.Count; i++)
        {
            var rollouts = result.Groups[i].Rollouts;
            Assert.Equal(Enumerable.Range(0, request.Budgets[i].Rollouts), rollouts.Select(r => r.Index));
            Assert.All(rollouts, r =>
            {
                Assert.InRange(r.Length, 1, 24);
                Assert.DoesNotContain(0, r.TokenIds[..^1]);
                Assert.Equal(r.TokenIds[^1] == 0 ? FinishReason.Stop : FinishReason.Length, r.FinishReason);
                Assert.True(r.FinishReason == FinishReason.Stop || r.Length == 24);
                Assert.Equal(r.Length, r.LogProbs.Length);
                Assert.True(r.Origins.Length == 0 || r.Origins.Length == r.Length);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Log_probs_are_the_models_whoever_chose_the_token(string name)
    {
        var result = Source(name).Generate(TreeModels.Request(24, 1, (0, 8), (4, 12)), null, default);

        foreach (var group in result.Groups)
        {
            foreach (var rollout in group.Rollouts)
            {
                for (var t = 0; t < rollout.Length; t++)
                {
                    var expected = TreeModels.Peaked([.. group.Prompt.TokenIds, .. rollout.TokenIds[..t]])[rollout.TokenIds[t]];
                    Assert.Equal((float)Math.Log(expected), rollout.LogProbs[t]);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Shared_tokens_are_those_of_an_earlier_rollout(string name)
    {
        var result = Source(name).Generate(TreeModels.Request(24, 1, (0, 8), (5, 16)), null, default);

        foreach (var rollouts in result.Groups.Select(g => g.Rollouts))
        {
            foreach (var rollout in rollouts)
            {
                Assert.InRange(rollout.Parent, -1, rollout.Index - 1);
                Assert.InRange(rollout.SharedLength, 0, rollout.Length);
                Assert.Equal(rollout.Parent < 0, rollout.SharedLength == 0);
                if (rollout.Parent >= 0)
                {
                    var parent = rollouts[rollout.Parent];
                    Assert.Equal(parent.TokenIds[..rollout.SharedLength], rollout.TokenIds[..rollout.SharedLength]);
                    Assert.Equal(parent.LogProbs[..rollout.SharedLength], rollout.LogProbs[..rollout.SharedLength]);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Tokens_are_generated_once_and_the_tree_says_where(string name)
    {
        var result = Source(name).Generate(TreeModels.Request(24, 1, (0, 8), (5, 16)), null, default);

        var own = 0L;
        foreach (var group in result.Groups)
        {
            var branches = group.Tree.Branches;
            own += branches.Count == 0 ? group.Rollouts.Sum(r => r.Length) : branches.Sum(b => b.Length - b.ForkPosition);
            Assert.All(branches.Select((b, i) => (b, i)), x =>
            {
                Assert.InRange(x.b.Parent, -1, x.i - 1);
                Assert.InRange(x.b.ForkPosition, 0, x.b.Length);
                Assert.Equal(x.b.RemovedFor is null, x.b.Rollout >= 0);
            });
            if (branches.Count > 0)
            {
                Assert.Equal(Enumerable.Range(0, group.Rollouts.Count), branches.Where(b => b.Rollout >= 0).Select(b => b.Rollout).Order());
                Assert.All(branches.Where(b => b.Rollout >= 0), b => Assert.Equal(group.Rollouts[b.Rollout].Length, b.Length));
            }
        }

        Assert.Equal(own, result.Statistics.TokensGenerated);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void The_same_tree_grows_whatever_the_batch_the_memory_and_the_order(string name)
    {
        (int, int)[] budgets = [(0, 6), (1, 8), (2, 3), (3, 16), (4, 1)];
        var request = TreeModels.Request(20, 1, budgets);
        var expected = TreeModels.Describe(Source(name).Generate(request, null, default));
        var random = new Random(5);
        var (preemptions, copies) = (0L, 0);
        for (var trial = 0; trial < 40; trial++)
        {
            var blockSize = random.Next(1, 6);
            var needed = (5 + 20 - 1 + blockSize - 1) / blockSize;
            var runner = new TableRunner(TreeModels.Peaked, TreeModels.Vocabulary, needed + random.Next(0, 6 * needed), blockSize);
            var source = TreeModels.Source(runner, PolicyCatalog.Create(name), random.Next(1, 60), random.Next(1, 40));

            var result = source.Generate(request, null, default);

            Assert.Equal(expected, TreeModels.Describe(result));
            preemptions += result.Statistics.Preemptions;
            copies += runner.Copies;
        }

        Assert.True(preemptions > 50, $"Only {preemptions} preemptions: the memory was never short.");
        Assert.True(copies > 50, $"Only {copies} copies.");
        var turned = Source(name).Generate(request with { Budgets = [.. request.Budgets.Reverse()] }, null, default);
        Assert.Equal(expected, TreeModels.Describe(turned with { Groups = [.. turned.Groups.Reverse()] }));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Evaluation_is_plain_sampling(string name)
    {
        var request = TreeModels.Request(24, 1, (0, 8)) with { Purpose = RolloutPurpose.Evaluation };

        var result = Source(name).Generate(request, null, default);

        Assert.Equal(TreeModels.Describe(Source("stochastic").Generate(request, null, default)), TreeModels.Describe(result));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Responses_of_one_token_and_of_a_certain_end_are_complete(string name)
    {
        var one = Source(name).Generate(TreeModels.Request(1, 1, (0, 8)), null, default);
        Assert.All(one.Groups[0].Rollouts, r => Assert.Equal(1, r.Length));

        var certain = new TableRunner(c => c.Length < 4 ? [0, 0.5, 0.5] : [1, 0, 0], 3, 400, 4);
        var ended = TreeModels.Source(certain, PolicyCatalog.Create(name)).Generate(TreeModels.Request(9, 1, (0, 8)), null, default);
        Assert.All(ended.Groups[0].Rollouts, r => Assert.Equal((4, FinishReason.Stop), (r.Length, r.FinishReason)));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void A_later_round_of_a_prompt_draws_anew(string name)
    {
        var source = Source(name);
        var first = TreeModels.Request(24, 1, (0, 4));
        var later = first with { Budgets = [new PromptBudget(TreeModels.Prompt(0), 4, 4)] };

        var rounds = source.Generate(first, null, default).Groups[0].Rollouts.Concat(source.Generate(later, null, default).Groups[0].Rollouts).ToList();

        Assert.Equal(Enumerable.Range(0, 8), rounds.Select(r => r.Index));
        Assert.All(rounds, r => Assert.True(r.Parent < 0 || r.Parent / 4 == r.Index / 4));
    }

    private static EngineRolloutSource Source(string name) =>
        TreeModels.Source(new TableRunner(TreeModels.Peaked, TreeModels.Vocabulary, 2000, 4), PolicyCatalog.Create(name));
}
