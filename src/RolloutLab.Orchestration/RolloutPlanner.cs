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

/// <summary>
/// Makes a step's rollouts: asks the allocator for round after round, so that later rounds know what earlier ones showed.
/// The next round may be planned while rollouts are still being made, so that the engine stays busy. What is known by then
/// follows from the lengths of the rollouts alone, never from the engine's speed; see <see cref="IRolloutSession"/>.
/// </summary>
/// <param name="allocator">Plans.</param>
/// <param name="overlap">Share of the rollouts in flight that may still run when the next round is planned, in [0, 1); 0 waits for all.</param>
/// <param name="ledger">Learns from what came out.</param>
/// <param name="source">Makes the rollouts.</param>
/// <param name="grader">Grades them.</param>
/// <param name="recorder">Told of the progress.</param>
/// <param name="seeder">Puts solved examples before the questions of later rounds; null for none.</param>
public sealed class RolloutPlanner(
    IBudgetAllocator allocator,
    double overlap,
    PromptLedger ledger,
    IRolloutSource source,
    IGrader grader,
    IRunRecorder recorder,
    PromptSeeder? seeder = null)
{
    /// <summary>A step's graded groups, without those of prompts that got no rollouts, and what they cost.</summary>
    public (IReadOnlyList<GradedGroup> Groups, RolloutStatistics Statistics, PlanningReport Planning) RollOut(
        long step, IReadOnlyList<Prompt> prompts, SamplingParameters sampling, PhaseClock clock)
    {
        var merged = new GroupMerger(prompts);
        var questions = prompts.ToDictionary(p => p.Index, p => p.Text);
        var seeding = new SeedingReport();
        var (round, expected, planned) = (0, 0.0, 0L);
        using var session = source.Open(step, RolloutPurpose.Training, sampling);
        while (true)
        {
            var request = new BudgetRequest(step, round, prompts, merged.Groups) { Asked = merged.Asked, InFlight = merged.InFlight };
            var plan = clock.Time(Phase.Plan, () => allocator.NextRound(request));
            if (plan.Budgets.Count > 0)
            {
                if (seeder is not null)
                {
                    (plan, var seeded) = clock.Time(Phase.Plan, () => seeder.Seed(plan, merged.Groups));
                    seeding += seeded;
                }

                merged.Expect(plan.Budgets);
                (round, expected, planned) = (round + 1, expected + plan.ExpectedCost, planned + plan.TotalRollouts);
            }
            else if (session.InFlight == 0)
            {
                break;
            }

            var finished = clock.Time(Phase.Rollout, () =>
            {
                if (plan.Budgets.Count > 0)
                {
                    session.Submit(plan.Budgets);
                }

                return session.Advance((int)(overlap * session.InFlight), recorder.Progress("rollout", planned), CancellationToken.None);
            });
            var graded = clock.Time(Phase.Verify, () => finished.Select(f => (f.Budget, Graded: grader.Grade(f.Group))).ToList());
            graded.ForEach(g => merged.Add(g.Budget, g.Graded));
            if (seeder is not null)
            {
                seeding += clock.Time(Phase.Plan, () => seeder.Learn([.. graded.Select(g => g.Graded)], prompt => questions[prompt]));
            }
        }

        var groups = merged.Groups.Where(g => g.Count > 0).ToList();
        var estimates = groups.Select(g => ledger.Mean(g.Group.Prompt.Index)).ToList();
        ledger.Observe(step, groups);
        return (groups, session.Statistics, new PlanningReport(round, expected, estimates) { Seeding = seeder is null ? null : seeding });
    }
}
