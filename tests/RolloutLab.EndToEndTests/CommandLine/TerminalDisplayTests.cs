using RolloutLab.Cli;
using RolloutLab.Runs;

namespace RolloutLab.EndToEndTests.CommandLine;

public sealed class TerminalDisplayTests : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly ManualClock _clock = new();

    public void Dispose() => _output.Dispose();

    [Fact]
    public void While_it_runs_the_newest_state_stands_below_the_evaluations()
    {
        var display = new TerminalDisplay(_output, () => 80, _clock);
        SampleRun.Begin(display);
        display.EvaluationFinished(new EvaluationResult(0, 256, 16, 0.342, 0.711, 0.4, 43.14, 2.25));
        for (var step = 1; step <= 2; step++)
        {
            _clock.Advance(1);
            display.StepFinished(SampleRun.Step(step));
        }

        _clock.Advance(0.2);
        display.PhaseProgress("rollout", 256, 512);
        Assert.Equal(
            [
                "trial [x]: reinforcement learning, 3 steps",
                "  model  0.80M parameters",
                "  data   8,000 problems",
                "  run    runs/trial",
                "",
                "    step   pass@1   pass@16   length",
                "       0    34.2%     71.1%     43.1",
                "━━━━━━━━━━━━━━━━────────  step 2/3  rollout 256/512  ETA 1.0 s",
                "reward 0.500 ▁█  pass 25.0%  length 44.1  21,300 tokens/s",
            ],
            Show(80));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(80)]
    [InlineData(40)]
    [InlineData(20)]
    [InlineData(1)]
    public void On_a_screen_of_any_width_nothing_of_the_block_is_left_behind(int width)
    {
        var display = new TerminalDisplay(_output, () => width, _clock);
        for (var step = 1; step <= 30; step++)
        {
            _clock.Advance(1);
            display.PhaseProgress("rollout", step, 512);
            display.StepFinished(SampleRun.Step(step));
        }

        display.Dispose();
        Assert.All(Show(width), line => Assert.Equal("", line));
    }

    [Fact]
    public void The_summary_takes_the_place_of_the_block()
    {
        using (var display = new TerminalDisplay(_output, () => 100, _clock))
        {
            SampleRun.Play(display, _clock);
        }

        var lines = Show(100);
        Assert.Equal(1, lines.Count(line => line.Contains("watch out", StringComparison.Ordinal)));
        Assert.DoesNotContain(lines, line => line.Contains("step 3/3", StringComparison.Ordinal));
        Assert.Contains("  pass@1     34.2% → 53.9%  +19.7 points", lines);
        Assert.Contains("       3    53.9%     80.5%     41.0", lines);
        Assert.Equal("  next       ./rolloutlab eval runs/trial", lines[^3]);
    }

    [Fact]
    public void Frequent_progress_is_drawn_ten_times_a_second_at_most()
    {
        using var display = new TerminalDisplay(_output, () => 80, _clock);
        SampleRun.Begin(display);
        var before = _output.ToString().Length;
        for (var i = 0; i < 99; i++)
        {
            _clock.Advance(0.001);
            display.PhaseProgress("rollout", i, 512);
        }

        Assert.Equal(before, _output.ToString().Length);
        _clock.Advance(0.001);
        display.PhaseProgress("rollout", 100, 512);
        Assert.EndsWith("rollout 100/512", Show(80)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void An_evaluation_alone_has_the_bar_to_itself()
    {
        using var display = new TerminalDisplay(_output, () => 80, _clock);
        display.RunStarted(new RunStart(RunKind.Eval, "m", 0, null, []));
        display.PhaseProgress("evaluation", 0, 400);
        _clock.Advance(10);
        display.PhaseProgress("evaluation", 100, 400);
        Assert.Equal("━━━━━━──────────────────  evaluation 100/400  ETA 30.0 s", Show(80)[^1]);
    }

    private string[] Show(int width)
    {
        var screen = new Screen(width);
        screen.Write(_output.ToString());
        return screen.Lines;
    }
}
