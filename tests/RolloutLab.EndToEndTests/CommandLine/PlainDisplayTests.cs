using RolloutLab.Cli;
using RolloutLab.Core;
using RolloutLab.Runs;

namespace RolloutLab.EndToEndTests.CommandLine;

public sealed class PlainDisplayTests
{
    [Fact]
    public void A_run_reads_from_top_to_bottom_without_control_codes()
    {
        var (output, clock) = (new StringWriter(), new ManualClock());
        using (var display = new PlainDisplay(output, clock))
        {
            SampleRun.Play(display, clock);
        }

        Assert.Equal(
            """
            trial [x]: reinforcement learning, 3 steps
              model  0.80M parameters
              data   8,000 problems
              run    runs/trial
            evaluation at step 0: pass@1 34.2%  pass@16 71.1%  maj@16 40.0%  length 43.1  (256 problems, 2.3 s)
            step 1/3  reward 0.250  pass 12.5%  length 44.1  21,300 tokens/s  ETA 2.0 s
            step 3/3  reward 0.750  pass 37.5%  length 44.1  21,300 tokens/s
            watch out
            evaluation at step 3: pass@1 53.9%  pass@16 80.5%  length 41.0  (256 problems, 2.3 s)

            done: 3 steps in 2:41

              pass@1     34.2% → 53.9%  +19.7 points
              pass@16    71.1% → 80.5%  +9.4 points
              length     43.1 → 41.0 tokens

              reward     ▁▅█  0.250 → 0.750
              pass rate  ▁▅█  12.5% → 37.5%

              rollout        1:32   57%  █████████████████
              update       49.0 s   30%  █████████
              eval         18.0 s   11%  ███
              other         1.6 s    1%

              rollouts   61,440
              generated  2.51 M tokens, 27,261 tokens/s
              trained    3.02 M tokens, 61,633 tokens/s
              memory     702 MiB at most
              run        runs/trial

              next       ./rolloutlab eval runs/trial

            """,
            output.ToString().ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Quick_steps_share_lines_and_slow_work_inside_one_gets_its_own()
    {
        var (output, clock) = (new StringWriter(), new ManualClock());
        using var display = new PlainDisplay(output, clock);
        display.RunStarted(new RunStart(RunKind.Sft, "s", 100, null, []));
        for (var step = 1; step <= 10; step++)
        {
            clock.Advance(0.5);
            display.StepFinished(new StepProgress { Step = step, Seconds = 0.5, TokensPerSecond = 1000, Loss = 2.0 / step });
        }

        clock.Advance(9);
        display.PhaseProgress("evaluation", 1, 4);
        clock.Advance(1);
        display.PhaseProgress("evaluation", 2, 4);
        Assert.Equal(
            [
                "s: supervised fine-tuning, 100 steps",
                "step 1/100  loss 2.000  1,000 tokens/s  ETA 49.5 s",
                "step 5/100  loss 0.400  1,000 tokens/s  ETA 47.5 s",
                "step 9/100  loss 0.222  1,000 tokens/s  ETA 45.5 s",
                "step 10/100  evaluation 2/4  ETA 45.0 s",
            ],
            output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void An_evaluation_alone_estimates_its_end_from_its_rollouts()
    {
        var (output, clock) = (new StringWriter(), new ManualClock());
        using var display = new PlainDisplay(output, clock);
        display.RunStarted(new RunStart(RunKind.Eval, "m", 0, null, []));
        clock.Advance(5);
        display.PhaseProgress("evaluation", 0, 400);
        clock.Advance(10);
        display.PhaseProgress("evaluation", 100, 400);
        Assert.Equal($"m: evaluation{Environment.NewLine}evaluation 100/400  ETA 30.0 s{Environment.NewLine}", output.ToString());
    }

    [Fact]
    public void An_interrupted_run_says_how_far_it_came_and_shows_only_what_was_measured()
    {
        var (output, clock) = (new StringWriter(), new ManualClock());
        using var display = new PlainDisplay(output, clock);
        SampleRun.Begin(display);
        display.RunFinished(SampleRun.Summary with { Stopped = RunEnding.Interrupted, Steps = 1, Final = new PolicyScore() });
        var text = output.ToString();
        Assert.Contains("interrupted after 1 of 3 steps, 2:41; what was done is written", text, StringComparison.Ordinal);
        Assert.Contains("pass@1     34.2% before the first step", text, StringComparison.Ordinal);
        Assert.DoesNotContain("reward", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_shown_as_the_user_would_type_it()
    {
        Assert.Equal("runs/x", ProgressText.Shorten(Path.Combine(Environment.CurrentDirectory, "runs/x")));
        Assert.Equal("/elsewhere/x", ProgressText.Shorten("/elsewhere/x"));
    }

    [Fact]
    public void A_run_outlives_an_output_that_goes_away()
    {
        using var display = new GuardedDisplay(new PlainDisplay(new BrokenWriter(), new ManualClock()));
        SampleRun.Play(display, new ManualClock());
    }

    private sealed class BrokenWriter : StringWriter
    {
        public override void WriteLine(string? value) => throw new IOException("Input/output error");
    }
}
