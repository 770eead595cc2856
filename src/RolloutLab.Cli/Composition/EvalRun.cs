using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;

namespace RolloutLab.Cli;

/// <summary><c>eval</c>: measures a policy on the recipe's held-out prompts.</summary>
internal sealed class EvalRun : IDisposable
{
    private readonly RunSession _session;
    private readonly PromptSet _prompts;
    private readonly LiveSource _engine;
    private readonly Evaluator _evaluator;

    public EvalRun(Recipe recipe, RunIdentity identity, string? modelFolder, Machine machine, RunContext context)
    {
        _session = new RunSession(recipe, identity, modelFolder, machine, context, trainable: false);
        _prompts = _session.HeldOutPrompts();
        var longest = _session.Policy.LongestSequence(_prompts.Summary.LongestTokens, recipe.Evaluation.Sampling.MaxNewTokens);
        _engine = new LiveSource(_session.Policy, recipe.Engine, longest, _session.Random, () => 0);
        _evaluator = _session.Evaluator(_prompts, _engine.Source, new Grader(Strategies.Verifier(recipe.RequireVerifier())));
    }

    /// <summary>Runs it; with a folder, its metrics and summary are written there.</summary>
    public RunEnding Execute(RunDirectory? directory)
    {
        _session.Announce(0, directory?.Path, ("data", $"{_prompts.Prompts.Count} prompts of {_prompts.Name}, {_session.Recipe.Evaluation.Rollouts} rollouts each"));
        var clock = new PhaseClock();
        var progress = new PhaseProgress(_session.Observer, "evaluation", _evaluator.TotalRollouts);
        var report = clock.Time(Phase.Eval, () => _evaluator.Evaluate(0, progress, _session.StopAfterStep));
        if (directory is not null)
        {
            using var metrics = new MetricsLog(directory.MetricsPath);
            metrics.Append(0, [.. report.Metrics()]);
        }

        _session.Observer.EvaluationFinished(report.ToResult());
        return _session.Finish(directory, interrupted: false, new PolicyScore(), report.ToScore(), new LoopState { Step = 0, PolicyVersion = 0, TokensGenerated = report.TokensGenerated }, clock);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _engine.Dispose();
        _prompts.Dispose();
        _session.Dispose();
    }
}
