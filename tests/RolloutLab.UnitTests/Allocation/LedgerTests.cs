using System.Runtime.CompilerServices;
using RolloutLab.Allocation;
using RolloutLab.Core;

namespace RolloutLab.UnitTests.Allocation;

public class LedgerTests
{
    private static readonly LedgerOptions Half = new(Forgetting: 0.5, InitialCost: 100);

    [Fact]
    public void Evidence_fades_before_each_observation_and_the_prior_does_not()
    {
        var ledger = new PromptLedger(2, Half);
        ledger.Observe(3, [Groups.Graded(1, [true, true, false, false], [10, 20, 30, 40])]);
        Assert.Equal((2f, 2f), (ledger[1].Successes, ledger[1].Failures));
        ledger.Observe(9, [Groups.Graded(1, [true, false, false, false], [5, 5, 5, 5])]);

        // 0.5·2 + 1 and 0.5·2 + 3; the mean is that of Beta(0.5 + 2, 0.5 + 4).
        Assert.Equal((2f, 4f), (ledger[1].Successes, ledger[1].Failures));
        Assert.Equal(2.5 / 7, ledger.Mean(1), 12);
        Assert.Equal(0.5, ledger.Mean(0));
        var entry = ledger[1];
        Assert.Equal((0.25f, 9, 8, 2), (entry.LastRate, entry.LastStep, entry.Rollouts, entry.Visits));
        Assert.True(float.IsNaN(ledger[0].LastRate));
    }

    [Fact]
    public void Cost_has_the_weighted_mean_and_variance_of_what_was_seen()
    {
        var ledger = new PromptLedger(2, Half);
        Assert.Equal(100, ledger.ExpectedCost(0));
        ledger.Observe(1, [Groups.Graded(1, [true, false], [10, 30])]);
        Assert.Equal(20, ledger.ExpectedCost(1));
        Assert.Equal(200, ledger[1].CostVariance, 3); // (10² + 10²) / (2 − 1)
        ledger.Observe(2, [Groups.Graded(1, [true, false], [40, 60])]);

        // Weights: the first two count half each. Mean (0.5·10 + 0.5·30 + 40 + 60) / 3 = 40;
        // squares 0.5·900 + 0.5·100 + 0 + 400 = 900, over 3 − 1.
        Assert.Equal(40, ledger.ExpectedCost(1), 4);
        Assert.Equal(450, ledger[1].CostVariance, 2);
        Assert.Equal(35, ledger.ExpectedCost(0)); // never seen: the mean of all four rollouts
    }

    [Fact]
    public void A_fault_of_the_verifier_is_no_evidence_but_costs()
    {
        var ledger = new PromptLedger(1, Half);
        var group = Groups.Graded(0, [true, false], [10, 30]);
        ledger.Observe(1, [group with { Verdicts = [Verdict.Fault("x"), Verdict.Fault("x")] }]);
        Assert.False(ledger[0].IsSeen);
        Assert.Equal(20, ledger.ExpectedCost(0));
    }

    [Fact]
    public void A_prompt_takes_at_most_64_bytes() => Assert.InRange(Unsafe.SizeOf<LedgerEntry>(), 1, 64);

    [Fact]
    public void A_saved_state_comes_back_and_damaged_ones_are_refused()
    {
        var ledger = new PromptLedger(3, Half);
        ledger.Observe(1, [Groups.Graded(1, [true, false], [10, 30]), Groups.Graded(2, [false, false], [7, 7])]);
        using var saved = new MemoryStream();
        ledger.SaveState(saved);
        var again = new PromptLedger(3, Half);
        again.LoadState(new MemoryStream(saved.ToArray()));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(ledger[i], again[i]);
            Assert.Equal(ledger.ExpectedCost(i), again.ExpectedCost(i));
        }

        Assert.Throws<CheckpointException>(() => new PromptLedger(4, Half).LoadState(new MemoryStream(saved.ToArray())));
        Assert.Throws<CheckpointException>(() => again.LoadState(new MemoryStream(saved.ToArray()[..^1])));
        Assert.Throws<CheckpointException>(() => again.LoadState(new MemoryStream(new byte[200])));
    }
}
