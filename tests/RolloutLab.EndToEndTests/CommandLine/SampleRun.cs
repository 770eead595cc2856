using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary>A run of three steps as an observer sees it, one second a step.</summary>
internal static class SampleRun
{
    public static RunSummary Summary { get; } = new()
    {
        Stopped = RunEnding.Finished,
        Initial = new PolicyScore { PassAt1 = 0.342, PassAt16 = 0.711, ResponseLength = 43.14 },
        Final = new PolicyScore { PassAt1 = 0.539, PassAt16 = 0.805, ResponseLength = 41 },
        Steps = 3,
        RolloutsTotal = 61_440,
        TokensGenerated = 2_508_000,
        TokensTrained = 3_020_000,
        WallSeconds = 161.2,
        Seconds = new PhaseSeconds { Rollout = 92, Verify = 0.4, Advantage = 0.2, Update = 49, Eval = 18 },
        PeakMemoryBytes = 702L << 20,
        Seed = 1,
        RecipeHash = "ab",
    };

    public static void Play(IRunObserver observer, ManualClock clock)
    {
        Begin(observer);
        observer.PhaseProgress("evaluation", 512, 4096);
        observer.EvaluationFinished(new EvaluationResult(0, 256, 16, 0.342, 0.711, 0.4, 43.14, 2.25));
        for (var step = 1; step <= 3; step++)
        {
            observer.PhaseProgress("rollout", 256, 512);
            clock.Advance(1);
            observer.StepFinished(Step(step));
        }

        observer.Notice("watch out");
        observer.EvaluationFinished(new EvaluationResult(3, 256, 16, 0.539, 0.805, null, 41, 2.25));
        observer.RunFinished(Summary);
    }

    public static void Begin(IRunObserver observer) =>
        observer.RunStarted(new RunStart(RunKind.Train, "trial [x]", 3, "runs/trial", [new("model", "0.80M parameters"), new("data", "8,000 problems")]));

    public static StepProgress Step(int step) => new()
    {
        Step = step, Seconds = 1, TokensPerSecond = 21_300, Reward = step / 4.0, PassRate = step / 8.0, ResponseLength = 44.14,
    };
}
