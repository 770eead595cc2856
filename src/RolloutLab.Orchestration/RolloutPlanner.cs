using RolloutLab.Allocation;
using RolloutLab.Core;

namespace RolloutLab.Orchestration;

/// <summary>What planning a step's budget amounted to.</summary>
/// <param name="Rounds">Rounds that had rollouts.</param>
/// <param name="ExpectedCost">Expected cost of all rounds in the budget's unit.</param>
/// <param name="Estimates">Posterior mean of the success rate of each group's prompt before the step, aligned to the step's groups.</param>
public sealed record PlanningReport(int Rounds, double ExpectedCost, IReadOnlyList<double> Estimates)
{
    /// <summary>What in-context seeding did; null without it.</summary>
    public SeedingReport? Seeding { get; init; }

    /// <summary>This planning and one that followed it for other prompts of the step.</summary>
    public PlanningReport Then(PlanningReport later) =>
        new(Rounds + later.Rounds, ExpectedCost + later.ExpectedCost, [.. Estimates, .. later.Estimates])
        {
            Seeding = Seeding is null || later.Seeding is null ? Seeding ?? later.Seeding : Seeding + later.Seeding,
        };
}

/// <summary>Makes a step's rollouts: asks the allocator for round after round, so that later rounds know what earlier ones showed.</summary>
/// <param name="allocator">Plans.</param>
/// <param name="ledger">Learns from what came out.</param>
/// <param name="source">Makes the rollouts.</param>
/// <param name="grader">Grades them.</param>
/// <param name="recorder">Told of the progress.</param>
/// <param name="seeder">Puts solved examples before the questions of later rounds; null for none.</param>
public sealed class RolloutPlanner(
    IBudgetAllocator allocator, PromptLedger ledger, IRolloutSource source, Grader grader, RunRecorder recorder, PromptSeeder? seeder = null)
{
    /// <summary>A step's graded groups, without those of prompts that got no rollouts, and what they cost.</summary>
    public (IReadOnlyList<GradedGroup> Groups, RolloutStatistics Statistics, PlanningReport Planning) RollOut(
        long step, IReadOnlyList<Prompt> prompts, SamplingParameters sampling, PhaseClock clock)
    {
        var merged = new GroupMerger(prompts);
        var questions = prompts.ToDictionary(p => p.Index, p => p.Text);
        var seeding = new SeedingReport();
        var (expected, planned) = (0.0, 0L);
        using var session = source.Open(step, RolloutPurpose.Training, sampling);
        for (var round = 0; ; round++)
        {
            var plan = clock.Time(Phase.Plan, () => allocator.NextRound(new BudgetRequest(step, round, prompts, merged.Groups)));
            if (plan.Budgets.Count == 0)
            {
                var groups = merged.Groups.Where(g => g.Count > 0).ToList();
                var estimates = groups.Select(g => ledger.Mean(g.Group.Prompt.Index)).ToList();
                ledger.Observe(step, groups);
                return (groups, session.Statistics, new PlanningReport(round, expected, estimates) { Seeding = seeder is null ? null : seeding });
            }

            if (seeder is not null)
            {
                (plan, var seeded) = clock.Time(Phase.Plan, () => seeder.Seed(plan, merged.Groups));
                seeding += seeded;
            }

            (expected, planned) = (expected + plan.ExpectedCost, planned + plan.TotalRollouts);
            var finished = clock.Time(Phase.Rollout, () =>
            {
                session.Submit(plan.Budgets);
                return session.Advance(leave: 0, recorder.Progress("rollout", planned), CancellationToken.None);
            });
            var graded = clock.Time(Phase.Verify, () => finished.Select(f => grader.Grade(f.Group)).ToList());
            merged.Add(graded);
            if (seeder is not null)
            {
                seeding += clock.Time(Phase.Plan, () => seeder.Learn(graded, prompt => questions[prompt]));
            }
        }
    }
}
